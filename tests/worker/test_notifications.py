"""Mail goes out once; where nobody can know, twice at most and under one Message-ID."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from pydantic import SecretStr

from app.core import clock, leases, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import apart, commit
from portal.services.ports import free_port
from tests.helpers import Mailbox, work

MAIL = {
    "template": "verify_email",
    "to": ["ada@example.com"],
    "context": {"name": "Ada", "url": "https://x.test"},
}


def the_task() -> Task:
    db.session.expire_all()
    task = db.session.scalars(db.select(Task)).one()
    db.session.commit()
    return task


def due_again() -> None:
    with apart() as session:
        session.execute(db.update(Task).values(retry_at=None, lease_until=None, lease_owner=None))


@pytest.fixture
def mail(app: Flask) -> None:
    tasks.record("send_mail", "verify:ada", MAIL, queue="mail")
    commit()


class Server:
    """A mail server that answers as told, and counts what it was given."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.to_recipients = "250 OK"
        self.to_data = "250 OK"
        self.hangs_up = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.to_recipients

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(
            next(line for line in envelope.content.decode().splitlines() if line.startswith("Message-ID"))
        )
        if self.hangs_up:
            server.transport.abort()
        return self.to_data


@contextmanager
def at(app: Flask, monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[None]:
    settings = app.extensions["settings"].model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}")})
    with monkeypatch.context() as patch:
        patch.setitem(app.extensions, "settings", settings)
        yield


@pytest.fixture
def server(app: Flask, mail: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    with at(app, monkeypatch, controller.port):
        yield server
    controller.stop()


def dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker is killed between the server's yes and its own commit."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(leases, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            work()
    db.session.rollback()
    due_again()


def test_a_worker_that_died_after_the_servers_yes_sends_once_more(mail: None, mailbox: Mailbox, monkeypatch: Any):
    dies(monkeypatch)
    work()
    first, second = mailbox.to("ada@example.com")
    assert first["headers"]["Message-ID"] == second["headers"]["Message-ID"]
    assert the_task().state == TaskState.DONE


def test_and_never_a_third_time(mail: None, mailbox: Mailbox, monkeypatch: Any):
    dies(monkeypatch)
    dies(monkeypatch)
    work()
    assert len(mailbox.to("ada@example.com")) == 2
    assert the_task().state == TaskState.PARKED


def test_an_absent_mail_server_uses_no_attempt(app: Flask, mail: None, mailbox: Mailbox, monkeypatch: Any):
    with at(app, monkeypatch, free_port()):
        for _ in range(12):
            work()
            due_again()
    assert (the_task().state, the_task().attempts, the_task().begun) == (TaskState.PENDING, 0, 0)
    work()
    assert len(mailbox.to("ada@example.com")) == 1


def test_it_is_tried_again_soon_after_the_mail_server_is_back(app: Flask, mail: None, monkeypatch: Any):
    with at(app, monkeypatch, free_port()):
        work()
    assert (the_task().retry_at - clock.wall()).total_seconds() < 30


def test_a_no_for_now_is_tried_again_and_was_no_mail(server: Server):
    server.to_data = "451 come back later"
    for _ in range(4):
        work()
        due_again()
    assert (the_task().attempts, the_task().begun) == (4, 0)
    server.to_data = "250 OK"
    work()
    assert the_task().state == TaskState.DONE


def test_a_recipient_who_does_not_exist_is_not_tried_again(server: Server):
    server.to_recipients = "550 5.1.1 <ada@example.com> unknown"
    work()
    task = the_task()
    assert (task.state, task.attempts) == (TaskState.PARKED, 1)
    assert "550" in task.last_error
    assert "ada@" not in task.last_error


def test_a_server_that_hangs_up_after_the_mail_gets_it_twice_at_most(server: Server):
    server.hangs_up = True
    for _ in range(4):
        work()
        due_again()
    assert len(server.taken) == 2
    assert len(set(server.taken)) == 1
    assert the_task().state == TaskState.PARKED
