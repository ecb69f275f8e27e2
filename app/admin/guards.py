"""Who may enter the staff area: members of staff, shortly after they have said their password."""

from datetime import timedelta

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.audit import service as audit
from app.auth.context import current_session
from app.auth.guards import ask_to_sign_in
from app.core import clock
from app.core.errors import NotFound
from app.core.pages import go, here
from app.core.security import SAFE_METHODS

FRESH = timedelta(minutes=10)
"""How long a password that was said opens the staff area."""
ENTRANCE = "admin.home.sign_in"


def staff_only() -> ResponseReturnValue | None:
    """None lets in. A visitor is sent to sign in; for everybody else who is not staff there is nothing here, on record.

    Whoever said their password too long ago says it again and comes back: to this page, or to the one a form names.
    """
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if not current_user.is_staff:
        audit.write_apart("access.denied", current_user.public_id, data={"endpoint": request.endpoint})
        raise NotFound()
    if request.endpoint == ENTRANCE or is_fresh():
        return None
    back = here() if request.method in SAFE_METHODS else request.form.get("next")
    return go(url_for(ENTRANCE, next=back))


def is_fresh() -> bool:
    session = current_session()
    return session is not None and session.fresh_at > clock.wall() - FRESH
