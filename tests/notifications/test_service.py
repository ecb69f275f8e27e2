"""Mails as they leave: both parts, one line of subject, one recipient per address, sent once."""

import traceback
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import select

from app.core import tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.notifications import service, smtp
from portal.services.ports import free_port
from tests.helpers import Mailbox, work

HOSTILE = "<b>Ada</b>\r\nBcc: eve@example.com {{ 7 * 7 }} %s {0}"


def compose(app: Flask, **changes: object) -> EmailMessage:
    context = {"name": "Ada", "url": "https://billing.example.com/x", **changes}
    payload = {"template": "verify_email", "to": ["ada@example.com"], "context": context}
    return service.compose(app.extensions["settings"], "send_mail:k", payload)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_a_mail_has_a_text_and_an_html_part_with_the_same_link(app: Flask) -> None:
    message = compose(app)
    assert message.get_content_type() == "multipart/alternative"
    assert "https://billing.example.com/x" in part(message, "plain")
    assert 'href="https://billing.example.com/x"' in part(message, "html")


def test_styles_are_in_the_elements_and_nothing_is_loaded_from_elsewhere(app: Flask) -> None:
    html = part(compose(app), "html")
    assert 'style="' in html
    assert "<link" not in html
    assert "<img" not in html
    assert "<script" not in html


def test_nobody_answers_a_machine(app: Flask) -> None:
    message = compose(app)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]


def test_the_same_task_has_the_same_message_id_and_another_task_another(app: Flask) -> None:
    assert compose(app)["Message-ID"] == compose(app)["Message-ID"]
    settings = app.extensions["settings"]
    payload = {"template": "verify_email", "to": ["a@example.com"], "context": {"name": "", "url": ""}}
    assert (
        service.compose(settings, "one", payload)["Message-ID"]
        != service.compose(settings, "two", payload)["Message-ID"]
    )


def test_markup_and_template_signs_in_a_name_stay_text(app: Flask) -> None:
    message = compose(app, name=HOSTILE)
    assert "<b>Ada" not in part(message, "html")
    assert "&lt;b&gt;Ada" in part(message, "html")
    assert "{{ 7 * 7 }} %s {0}" in part(message, "plain")


def test_a_name_cannot_add_a_header(app: Flask) -> None:
    context = {"inviter": HOSTILE, "organization": HOSTILE, "email": "x", "role": "x", "expires": "x", "url": "x"}
    payload = {"template": "invitation", "to": ["ada@example.com"], "context": context}
    message = service.compose(app.extensions["settings"], "k", payload)
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert b"\nBcc:" not in message.as_bytes().split(b"\n\n")[0]


@pytest.mark.parametrize(
    "address", ["ada@example.com\r\nBcc: eve@example.com", "a@b@c", "ada", "", "ada@example.com, eve@example.com"]
)
def test_what_is_not_one_address_is_refused(app: Flask, address: str) -> None:
    payload = {"template": "verify_email", "to": [address], "context": {"name": "", "url": ""}}
    with pytest.raises(service.NotOneAddress):
        service.compose(app.extensions["settings"], "k", payload)


def test_every_mail_has_subject_text_and_html(app: Flask) -> None:
    files = [path.name for path in Path(app.root_path, "templates", "email").iterdir() if not path.name.startswith("_")]
    names = {name.split(".")[0] for name in files}
    assert names >= {"invitation", "password_reset", "verify_email", "welcome"}
    assert sorted(files) == sorted(f"{name}.{end}" for name in names for end in ("html", "subject.txt", "txt"))


def test_a_task_is_sent_once_and_then_says_nothing_any_more(app: Flask, mailbox: Mailbox) -> None:
    payload = {
        "template": "verify_email",
        "to": ["ada@example.com"],
        "context": {"name": "Ada", "url": "https://x.test"},
    }
    for _ in range(2):
        tasks.record("send_mail", "verify:ada", payload, queue="mail")
        db.session.commit()
        work()
    assert mailbox.subjects("ada@example.com") == ["Confirm your email address for Counterfoil"]
    task = db.session.scalars(select(Task)).one()
    assert (task.state, task.payload) == (TaskState.DONE, {"template": "verify_email"})


class NobodyHere:
    async def handle_RCPT(self, *_: object) -> str:
        return "550 5.1.1 <ada@example.com> unknown"


def test_a_refused_recipient_is_not_named_in_what_is_logged(app: Flask) -> None:
    server = Controller(NobodyHere(), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        with pytest.raises(smtp.Refused, match="550") as refused:
            smtp.send(f"smtp://127.0.0.1:{server.port}", compose(app), "localhost", lambda: None)
    finally:
        server.stop()
    assert "ada@" not in "".join(traceback.format_exception(refused.value))
