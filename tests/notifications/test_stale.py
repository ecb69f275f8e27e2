"""A mail that comes too late says nothing: what it announced has been, what it asked for was done."""

from datetime import timedelta

import pytest
from flask import Flask

from app.auth import reset
from app.core import clock, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import commit
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work


def ask(until: timedelta) -> None:
    mail = {"template": "verify_email", "to": ["ada@example.com"], "context": {"name": "Ada", "url": "https://x.test"}}
    tasks.record("send_mail", "one", {**mail, "stale_at": (clock.now() + until).isoformat()}, queue="mail")
    commit()


def test_a_mail_is_sent_until_it_is_stale(app: Flask, mailbox: Mailbox):
    ask(timedelta(minutes=1))
    work()
    assert len(mailbox.to("ada@example.com")) == 1


def test_a_stale_mail_is_done_without_being_sent(app: Flask, mailbox: Mailbox, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    ask(timedelta(0))
    work()
    assert mailbox.to("ada@example.com") == []
    task = db.session.scalars(db.select(Task)).one()
    assert (task.state, task.payload) == (TaskState.DONE, {"template": "verify_email", "dropped": True})
    assert "mail dropped" in caplog.text


def test_a_link_that_no_longer_works_is_not_mailed(ada: Browser, mailbox: Mailbox, sandbox: Sandbox):
    reset.start("ada@example.com", "wish")
    commit()
    sandbox.turn_clock("31 minutes")
    work()
    assert mailbox.to("ada@example.com") == []
