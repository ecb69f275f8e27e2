"""What the kit itself refuses: who asks, and what cannot be read. Rooms raise their own PortalErrors."""

from typing import Any

from flask_babel import gettext as _

from app.core.errors import PortalError


class ApiError(PortalError):
    """An error with more to say than its sentence: `headers` of the answer, `members` of the problem document."""

    def __init__(
        self, sentence: str, *, headers: dict[str, str] | None = None, members: dict[str, Any] | None = None
    ) -> None:
        super().__init__(sentence)
        self.headers = headers or {}
        self.members = members or {}

    @property
    def details(self) -> dict[str, Any]:
        return self.members


class Unauthenticated(ApiError):
    """The challenge is that of RFC 6750, section 3."""

    status = 401
    code = "unauthenticated"

    def __init__(self, *, token: bool) -> None:
        """`token`: one was sent, but it is good for nothing."""
        challenge = 'Bearer realm="api"' + (', error="invalid_token"' if token else "")
        sentence = _("This key is unknown or was revoked.") if token else _("Send a key: `Authorization: Bearer …`.")
        super().__init__(sentence, headers={"WWW-Authenticate": challenge})


class MissingScope(ApiError):
    status = 403
    code = "missing_scope"

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer realm="api", error="insufficient_scope", scope="{scope}"'
        sentence = _("This key does not have the scope %(scope)s.", scope=scope)
        super().__init__(sentence, headers={"WWW-Authenticate": challenge})


class UnreadableBody(ApiError):
    """Not JSON as RFC 8259 has it, or nested or numbered beyond reason."""

    code = "invalid_json"

    def __init__(self) -> None:
        super().__init__(_("The body is not JSON that can be read, or it is nested too deeply."))


class InvalidFields(ApiError):
    """The body is JSON, but not what is asked for; `errors` says which member is wrong, as a JSON pointer (RFC 6901)."""

    status = 422
    code = "invalid_fields"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(_("Some fields are not as they should be; `errors` names them."), members={"errors": errors})
