"""`portal staff`: who may see the internal pages."""

import sys

import click

from app import create_app
from app.audit import service as audit
from app.auth import service as auth
from app.core.transactions import commit


@click.group()
def staff() -> None:
    """Members of staff: they see every customer on the internal pages."""


@staff.command()
@click.argument("email")
def add(email: str) -> None:
    """Make the person with this address a member of staff.

    They must have signed up: an account nobody chose a password for would be a door without a key. A second time changes
    nothing.
    """
    with create_app().app_context():
        user = auth.find(email.strip().lower())
        if user is None:
            print(f"Nobody has signed up with {email}. Ask them to create an account first.", file=sys.stderr)
            raise SystemExit(1)
        if not user.is_staff:
            user.is_staff = True
            audit.write("staff.added", user.public_id, user_id=user.id)
        commit()
        print(f"{user.email} is a member of staff.")
