"""What payments are for, in words."""

from flask_babel import lazy_gettext as _l

PURPOSES = {"credits": _l("Credits")}
"""Of those that no invoice asks for; one that is not named is simply a payment."""
