"""Proving that an address is one's own."""

import re

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import update

from app.auth import service, tokens
from app.auth.models import User
from app.core.extensions import db
from tests.cast import Browser
from tests.helpers import Mailbox, work


@pytest.fixture
def unproven(ada: Browser) -> Browser:
    """Ada, who has not followed the link yet."""
    db.session.execute(update(User).values(email_verified_at=None))
    db.session.commit()
    return ada


def is_verified() -> bool:
    user = service.find("ada@example.com")
    assert user is not None
    return user.is_verified


def test_the_mailed_link_leads_to_a_page_with_one_button(unproven: Browser, client: Browser, mailbox: Mailbox) -> None:
    unproven.post("/verification")
    work()
    link = re.findall(r"(/verify/\S+)", mailbox.to("ada@example.com")[0]["text"])[0]
    assert "Confirm address" in client.get(link).text
    assert not is_verified(), "a program that only looks at links must not confirm"
    assert client.post(link).status_code == 303
    assert is_verified()
    assert client.post(link).status_code == 303, "pressing twice is fine"


def test_a_quiet_notice_offers_to_send_the_link_again(unproven: Browser, mailbox: Mailbox) -> None:
    page = unproven.get("/settings/team").text
    assert "Send again" in page
    assert unproven.post("/verification", data={"next": "/settings/team"}).location == "/settings/team"
    db.session.execute(update(User).values(email_verified_at=User.created_at))
    db.session.commit()
    assert "Send again" not in unproven.get("/settings/team").text


@pytest.mark.parametrize("token", ["x", "WyJhIl0.x.y", "%00"])
def test_a_link_somebody_made_up_is_refused(client: Browser, token: str) -> None:
    assert client.get(f"/verify/{token}").status_code == 400
    assert client.post(f"/verify/{token}").status_code == 400


def test_a_link_for_a_former_address_is_refused(unproven: Browser, client: Browser) -> None:
    token = tokens.sign_verification(unproven.user.public_id, "ada@former.example.com")
    assert client.post(f"/verify/{token}").status_code == 400
    assert not is_verified()


def test_a_link_outlives_a_change_of_keys_as_long_as_the_former_key_is_kept(
    unproven: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tokens.sign_verification(unproven.user.public_id, "ada@example.com")
    before = app.extensions["settings"]
    rotated = before.model_copy(update={"secret_key": SecretStr("n" * 40), "secret_key_fallbacks": [before.secret_key]})
    monkeypatch.setitem(app.extensions, "settings", rotated)
    assert service.verify(token) is not None
    monkeypatch.setitem(app.extensions, "settings", rotated.model_copy(update={"secret_key_fallbacks": []}))
    assert service.verify(token) is None
