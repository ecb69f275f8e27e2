"""Whose books are open: the organizations of the signed-in user, and the one on show; or the one a key is for.

Read in one statement, once per request, and only when somebody asks.
"""

from flask import g, has_request_context
from flask_login import current_user
from sqlalchemy import select
from werkzeug.local import LocalProxy

from app.auth.context import current_session
from app.core import i18n
from app.core.extensions import db

from .models import Membership, Organization


def my_memberships() -> list[tuple[Membership, Organization]]:
    """The user's memberships with their organizations, oldest first; none for a visitor or outside a request."""
    if "memberships" not in g:
        g.memberships = _read() if has_request_context() and current_user.is_authenticated else []
    found: list[tuple[Membership, Organization]] = g.memberships
    return found


def my_organizations() -> list[Organization]:
    return [organization for _, organization in my_memberships()]


def choose_organization(organization: Organization) -> None:
    """Show this one's books from now on in this session."""
    session = current_session()
    assert session is not None, "nobody is signed in"
    session.organization_id = organization.id


def open_books(organization: Organization) -> None:
    """For the rest of this request this is the current organization: a program acts for it, and nobody is signed in."""
    g.books_of = organization


def _read() -> list[tuple[Membership, Organization]]:
    mine = select(Membership, Organization).join(Organization, Organization.id == Membership.organization_id)
    rows = db.session.execute(mine.where(Membership.user_id == current_user.id).order_by(Membership.id))
    return list(rows)


def _current() -> tuple[Membership, Organization] | None:
    """The one chosen in this session as long as the user still belongs to it, else the first."""
    mine = my_memberships()
    if not mine:
        return None
    session = current_session()
    chosen = session.organization_id if session else None
    found = next((pair for pair in mine if pair[1].id == chosen), mine[0])
    i18n.use(found[1].locale, found[1].timezone)
    return found


def _current_membership() -> Membership | None:
    found = _current()
    return found[0] if found else None


def _current_organization() -> Organization | None:
    if "books_of" in g:
        opened: Organization = g.books_of
        return opened
    found = _current()
    return found[1] if found else None


# Typed as present: behind `guards.member_of_organization` they are. Elsewhere ask `if current_organization:` first.
current_membership: Membership = LocalProxy(_current_membership)  # type: ignore[assignment]  # a proxy stands for it
current_organization: Organization = LocalProxy(_current_organization)  # type: ignore[assignment]  # likewise
