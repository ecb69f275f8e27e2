"""The browser's half of a session: what is read from its cookie and what is written into it.

Flask's signed cookie holds the seed of the CSRF token and, after sign-in, a random session token. The token sits under the
key Flask-Login reads, so that its loader hands it to us; it is not a user's id.
"""

from flask import g, session

from app.audit.context import Actor, act_as

from . import service
from .models import User, UserSession

SESSION_KEY = "_user_id"


def load_user(token: object) -> User | None:
    """The user of a session token, for Flask-Login. A token nobody has, or no token at all, is nobody.

    So is anybody on the page that says the database is away.
    """
    is_askable = isinstance(token, str) and not g.get("database_is_away")
    found = service.authenticate(str(token)) if is_askable else None
    if found is None:
        return None
    g.user_session, user = found
    act_as(Actor(user.public_id, user.id))
    return user


def current_session() -> UserSession | None:
    """The row of this request's session; known once `current_user` was asked."""
    found: UserSession | None = g.get("user_session")
    return found


def begin(user: User) -> UserSession:
    """Sign this browser in as `user`, under a new token and with a new CSRF seed."""
    end()
    token, row = service.open_session(user)
    session[SESSION_KEY] = token
    g.user_session = row
    act_as(Actor(user.public_id, user.id))
    return row


def end() -> None:
    """Forget everything this browser was told: its session's row, the token and the CSRF seed."""
    token = session.get(SESSION_KEY)
    if isinstance(token, str):
        service.close_session(token)
    session.clear()
