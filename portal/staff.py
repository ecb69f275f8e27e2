"""`portal staff`: who may see the internal pages."""

import sys
from typing import NoReturn

import click

from app import create_app
from app.audit import service as audit
from app.auth import service as auth
from app.auth.models import User
from app.core.transactions import commit


@click.group()
def staff() -> None:
    """Members of staff: they see every customer on the internal pages."""


@staff.command()
@click.argument("email")
def add(email: str) -> None:
    """Make the person with this address a member of staff.

    They must have signed up and confirmed the address: anybody can sign up with somebody else's. A second time changes
    nothing.
    """
    with create_app().app_context():
        user = _find(email)
        if not user.is_verified:
            _refuse(
                f"{user.email} has not been confirmed. Open the link in the mail that came after signing up, then try again."
            )
        _set(user, "staff.added", is_staff=True)
        print(f"{user.email} is a member of staff.")


@staff.command()
@click.argument("email")
def remove(email: str) -> None:
    """From the next page on the person with this address is no member of staff. A second time changes nothing."""
    with create_app().app_context():
        user = _find(email)
        _set(user, "staff.removed", is_staff=False)
        print(f"{user.email} is no member of staff.")


def _find(email: str) -> User:
    user = auth.find(email.strip().lower())
    if user is None:
        _refuse(f"Nobody has signed up with {email}. Ask them to create an account first.")
    return user


def _set(user: User, action: str, *, is_staff: bool) -> None:
    if user.is_staff is not is_staff:
        user.is_staff = is_staff
        audit.write(action, user.public_id, user_id=user.id)
    commit()


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)
