"""A forgotten password: the same answer for everybody, a link that works once, and what it ends."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.audit.models import Entry
from app.auth import backoff
from app.auth.models import SignInFailures, User, UserSession
from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task
from tests.cast import PASSWORD, Browser
from tests.helpers import Mailbox, work

NEW = "a different phrase"


def ask(browser: Browser, mailbox: Mailbox, email: str = "ada@example.com") -> list[str]:
    """Ask for a link and read the mail; the paths of the links that came, newest first."""
    db.session.execute(update(Task).values(key=func.concat("earlier:", Task.id)))  # as if some minutes had passed
    db.session.commit()
    assert browser.post("/password/forgot", data={"email": email}).location == "/password/forgot/sent"
    work()
    texts = [mail["text"] for mail in mailbox.to(email) if "Choose a new password" in mail["subject"]]
    return [re.findall(r"(/password/reset/\S+)", text)[0] for text in texts]


def test_the_link_sets_a_new_password(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    link = ask(client, mailbox)[0]
    page = client.get(link)
    assert page.status_code == 200
    assert "ada@example.com" in page.text
    assert client.post(link, data={"password": NEW}).location == "/login"
    assert client.post("/login", data={"email": "ada@example.com", "password": PASSWORD}).status_code == 422
    assert client.post("/login", data={"email": "ada@example.com", "password": NEW}).status_code == 303


def test_every_session_ends_and_the_owner_is_told(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    client.post(ask(client, mailbox)[0], data={"password": NEW})
    work()
    assert ada.get("/settings/team").status_code == 302
    assert db.session.scalars(select(UserSession)).first() is None
    assert "Your Counterfoil password was changed" in mailbox.subjects("ada@example.com")
    assert db.session.scalars(select(Entry.action).order_by(Entry.id)).all() == ["password.reset"]


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Browser, ada: Browser, mailbox: Mailbox) -> None:
    known = client.post("/password/forgot", data={"email": "ada@example.com"})
    unknown = client.post("/password/forgot", data={"email": "eve@example.com"})
    assert (known.status_code, known.location, known.text) == (unknown.status_code, unknown.location, unknown.text)
    work()
    assert mailbox.to("eve@example.com") == []
    assert len(mailbox.to("ada@example.com")) == 1


def test_asking_again_at_once_sends_nothing_more(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    for _ in range(3):
        client.post("/password/forgot", data={"email": "ada@example.com"})
    work()
    assert len(mailbox.to("ada@example.com")) <= 2  # two when the tries straddle two windows


def test_a_link_works_once(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    link = ask(client, mailbox)[0]
    client.post(link, data={"password": NEW})
    assert client.get(link).status_code == 400
    assert client.post(link, data={"password": "yet another phrase"}).status_code == 400


def test_a_newer_link_ends_the_older_one(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    older = ask(client, mailbox)[0]
    newer = ask(client, mailbox)[0]
    assert older != newer
    assert client.get(older).status_code == 400
    assert client.get(newer).status_code == 200


def test_a_link_is_good_for_half_an_hour(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    link = ask(client, mailbox)[0]
    db.session.execute(update(User).values(reset_expires_at=clock.wall() - timedelta(seconds=1)))
    db.session.commit()
    assert client.get(link).status_code == 400


@pytest.mark.parametrize("token", ["x", "%00", "..%2F..", "A" * 5000])
def test_a_link_somebody_made_up_is_refused_with_a_way_on(client: Browser, token: str) -> None:
    answer = client.get(f"/password/reset/{token}")
    assert answer.status_code in {400, 404}
    if answer.status_code == 400:
        assert "Send a new link" in answer.text


def test_a_refused_password_leaves_the_link_usable(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    link = ask(client, mailbox)[0]
    answer = client.post(link, data={"password": "short"})
    assert answer.status_code == 422
    assert "at least 8" in answer.text
    assert client.post(link, data={"password": NEW}).status_code == 303


def test_the_wait_after_wrong_passwords_is_forgiven(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    for _ in range(backoff.FREE_TRIES):
        client.post("/login", data={"email": "ada@example.com", "password": "no"})
    client.post(ask(client, mailbox)[0], data={"password": NEW})
    assert db.session.scalars(select(SignInFailures)).first() is None


def test_neither_address_nor_link_stays_in_the_table_of_tasks(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    link = ask(client, mailbox)[0]
    kept = str([task.payload for task in db.session.scalars(select(Task))])
    assert "example.com" not in kept
    assert link.rsplit("/", 1)[-1] not in kept


def test_the_link_leads_to_the_public_address_whatever_host_was_asked(
    app: Flask, ada: Browser, client: Browser, mailbox: Mailbox
) -> None:
    assert client.get("/password/forgot", headers={"Host": "evil.test"}).status_code == 400
    ask(client, mailbox)
    assert app.extensions["settings"].public_url + "/password/reset/" in mailbox.to("ada@example.com")[0]["text"]
