"""`portal staff add EMAIL`, typed by whoever runs the portal."""

import os
import subprocess
import sys

from flask import Flask
from sqlalchemy import select

from app.audit.models import Entry
from app.auth.models import User
from app.core.extensions import db
from portal.demo.stack import Stack
from tests.cast import Browser


def add(stack: Stack, email: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal", "staff", "add", email]
    return subprocess.run(command, env=os.environ | stack.environment(), capture_output=True, text=True, timeout=60)


def test_somebody_who_signed_up_becomes_staff(app: Flask, stack: Stack, ada: Browser) -> None:
    answer = add(stack, "Ada@Example.com")
    assert (answer.returncode, answer.stdout.splitlines()[-1:]) == (0, ["ada@example.com is a member of staff."])
    db.session.expire_all()
    assert db.session.scalars(select(User.is_staff)).one()
    assert [(entry.action, entry.actor) for entry in db.session.scalars(select(Entry))] == [("staff.added", "system")]


def test_somebody_unknown_is_refused_in_a_sentence(app: Flask, stack: Stack) -> None:
    answer = add(stack, "eve@example.com")
    assert answer.returncode == 1
    assert "Nobody has signed up with eve@example.com" in answer.stderr
