"""Who may pass a door: members of an organization, and among them those whose role allows the deed."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit import service as audit
from app.auth.guards import login_required
from app.core.errors import PortalError

from .context import current_membership, current_organization
from .models import Role

P = ParamSpec("P")
SHOWN = "organization_shown"
"""The hidden field of every form: the public id of the organization its page was opened for."""

View = Callable[P, ResponseReturnValue]


class RoleNotAllowed(PortalError):
    status = 403
    code = "role_not_allowed"

    def __init__(self) -> None:
        super().__init__(_("Your role does not allow this. Ask an admin of your organization."))


class OrganizationSwitched(PortalError):
    """The page was opened for one organization, and by now another one is on show in this browser."""

    status = 409
    code = "organization_switched"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Meanwhile you are looking at %(name)s, but this page was opened for another organization. "
                "Nothing was changed. Switch back, or reload the page.",
                name=current_organization.name,
            )
        )


def _refuse_another_organization() -> None:
    """What a form was opened for is what it acts on, whatever was switched in another tab since."""
    shown = request.form.get(SHOWN) if request.method == "POST" else None
    if shown and shown != current_organization.public_id:
        raise OrganizationSwitched()


def member_of_organization(view: "View[P]") -> "View[P]":
    """Decorate a door that needs a user and an organization; who belongs to none is asked to make one."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_organization:
            return redirect(url_for("organizations.new"))
        _refuse_another_organization()
        return view(*args, **kwargs)

    return login_required(guarded)


def may(*roles: Role) -> "Callable[[View[P]], View[P]]":
    """Decorate a door for `roles` (an admin may always); includes `member_of_organization`. Others: 403, on record."""

    def decorate(view: "View[P]") -> "View[P]":
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_membership.may(*roles):
                audit.write_apart(
                    "access.denied",
                    current_organization.public_id,
                    organization_id=current_organization.id,
                    data={"endpoint": request.endpoint, "role": current_membership.role},
                )
                raise RoleNotAllowed()
            return view(*args, **kwargs)

        return member_of_organization(guarded)

    return decorate
