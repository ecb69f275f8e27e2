"""The mail catcher: what is sent to it can be read again, on disk and on its page."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.demo.mailbox import Mailbox, create_app
from portal.services import messages
from portal.services.mail import Mail
from portal.services.ports import responds
from portal.services.supervisor import Supervisor


def a_mail(subject: str = "Confirm your address", to: str = "Ada <ada@example.com>") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "Counterfoil <billing@example.com>", to
    mail["Date"] = "Sat, 21 Nov 2026 09:30:00 +0000"
    mail.set_content("Hello Ada,\nopen http://127.0.0.1:8000/verify?a=1&b=2.\n<b>Not</b> HTML.")
    mail.add_alternative(
        "<html><head><title>x</title></head><body><a href='http://127.0.0.1:8000/verify'>Confirm</a></body></html>",
        subtype="html",
    )
    return mail


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for subject, to in (("First", "ada@example.com"), ("Second", "bob@example.com"), ("Third", "ada@example.com")):
        messages.save(tmp_path, [to], a_mail(subject, to).as_bytes())
    return tmp_path


@pytest.fixture
def mailbox(directory: Path) -> FlaskClient:
    return create_app(directory).test_client()


def test_a_mail_sent_is_a_mail_caught_and_shown(tmp_path: Path, supervisor: Supervisor) -> None:
    catcher = Mail(tmp_path / "mail")
    page = Mailbox(tmp_path / "mail", catcher.directory)
    supervisor.start(catcher.child(), page.child())
    with smtplib.SMTP("127.0.0.1", catcher.port) as smtp:
        smtp.send_message(a_mail("Grüße, Ελλάδα"), to_addrs=["ada@example.com", "hidden@example.com"])
    (caught,) = messages.newest_first(catcher.directory)
    assert caught.subject == "Grüße, Ελλάδα"
    assert caught.to == ["ada@example.com", "hidden@example.com"]
    assert "verify?a=1&b=2" in (caught.text or "")
    assert "<title>x</title>" in (caught.html or "")
    assert responds(f"{page.url}/messages/{caught.id}")


def test_the_newest_mail_comes_first(directory: Path) -> None:
    assert [message.subject for message in messages.newest_first(directory)] == ["Third", "Second", "First"]


def test_the_list_for_machines_can_be_asked_for_one_address(mailbox: FlaskClient) -> None:
    found = mailbox.get("/messages.json?to=ADA@example.com").get_json()
    assert [message["subject"] for message in found] == ["Third", "First"]
    assert found[0].keys() == {"id", "to", "subject", "date", "text", "html", "headers"}
    assert found[0]["date"] == "2026-11-21T09:30:00+00:00"
    assert found[0]["headers"]["From"] == "Counterfoil <billing@example.com>"


def test_a_mail_of_an_unknown_character_set_is_still_readable(tmp_path: Path) -> None:
    content = b"Subject: Odd\r\nContent-Type: text/plain; charset=klingon\r\n\r\nHello \xff there\r\n"
    identifier = messages.save(tmp_path, ["ada@example.com"], content)
    message = messages.get(tmp_path, identifier)
    assert message is not None
    assert (message.text or "").startswith("Hello")


def test_text_is_shown_as_text_and_its_addresses_as_links(mailbox: FlaskClient, directory: Path) -> None:
    newest = next(messages.newest_first(directory))
    page = mailbox.get(f"/messages/{newest.id}").text
    assert '<a href="http://127.0.0.1:8000/verify?a=1&amp;b=2">' in page
    assert "&lt;b&gt;Not&lt;/b&gt; HTML." in page


def test_html_is_shown_without_any_right(mailbox: FlaskClient, directory: Path) -> None:
    newest = next(messages.newest_first(directory))
    answer = mailbox.get(f"/messages/{newest.id}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "script" not in policy
    assert "default-src 'none'" in policy
    assert '<head><base target="_blank">' in answer.text


def test_deleting_all_leaves_an_empty_list(mailbox: FlaskClient) -> None:
    assert mailbox.post("/messages/deletion").status_code == 303
    assert mailbox.get("/messages.json").get_json() == []
    assert "No mail yet" in mailbox.get("/").text


def test_another_site_cannot_delete_or_read(mailbox: FlaskClient) -> None:
    assert mailbox.post("/messages/deletion", headers={"Origin": "https://evil.example"}).status_code == 403
    assert mailbox.get("/messages.json", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/messages/nothing", "/messages/..%2f..%2fsecret", "/messages/nothing/html"])
def test_an_unknown_mail_is_not_found(mailbox: FlaskClient, path: str) -> None:
    assert mailbox.get(path).status_code == 404


def test_a_long_list_goes_on_on_the_next_page(tmp_path: Path) -> None:
    for number in range(101):
        (tmp_path / f"{number:020d}-x.eml").write_bytes(f"Subject: Mail {number:03d}\r\n\r\n".encode())
    mailbox = create_app(tmp_path).test_client()
    assert "Mail 000" not in mailbox.get("/").text
    assert "Older mails" in mailbox.get("/").text
    rest = mailbox.get(f"/?before={1:020d}-x").text
    assert "Mail 000" in rest
    assert "Mail 001" not in rest
