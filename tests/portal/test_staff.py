"""`portal staff add` and `remove`, typed by whoever runs the portal."""

import os
import subprocess
import sys

from flask import Flask
from sqlalchemy import select

from app.audit.models import Entry
from app.auth import service as auth
from app.auth.models import User
from app.core.extensions import db
from portal.demo.stack import Stack
from tests.cast import Browser


def staff(stack: Stack, deed: str, email: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal", "staff", deed, email]
    return subprocess.run(command, env=os.environ | stack.environment(), capture_output=True, text=True, timeout=60)


def test_somebody_who_signed_up_becomes_staff_and_stops_being_it(app: Flask, stack: Stack, ada: Browser) -> None:
    answer = staff(stack, "add", "Ada@Example.com")
    assert (answer.returncode, answer.stdout.splitlines()[-1:]) == (0, ["ada@example.com is a member of staff."])
    db.session.expire_all()
    assert db.session.scalars(select(User.is_staff)).one()
    assert staff(stack, "remove", "ada@example.com").returncode == 0
    db.session.expire_all()
    assert not db.session.scalars(select(User.is_staff)).one()
    audited = [(entry.action, entry.actor) for entry in db.session.scalars(select(Entry).order_by(Entry.id))]
    assert audited == [("staff.added", "system"), ("staff.removed", "system")]


def test_somebody_unknown_is_refused_in_a_sentence(app: Flask, stack: Stack) -> None:
    answer = staff(stack, "add", "eve@example.com")
    assert answer.returncode == 1
    assert "Nobody has signed up with eve@example.com" in answer.stderr


def test_an_address_that_was_never_confirmed_opens_nothing(app: Flask, stack: Stack) -> None:
    auth.sign_up("boss@example.com", "Mallory", "correct horse battery staple")
    db.session.commit()
    answer = staff(stack, "add", "boss@example.com")
    assert (answer.returncode, "boss@example.com has not been confirmed" in answer.stderr) == (1, True)
    db.session.expire_all()
    assert not db.session.scalars(select(User.is_staff)).one()
