"""What a key may be used for."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l


class Scope(StrEnum):
    USAGE_WRITE = "usage:write"
    ENTITLEMENTS_READ = "entitlements:read"


NAMES = {
    Scope.USAGE_WRITE: _l("Report usage"),
    Scope.ENTITLEMENTS_READ: _l("Ask what the plan allows"),
}
