"""Mails about keys: the admins of an organization hear of each that is made or revoked."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.api_keys import service
from app.api_keys.models import ApiKey
from app.core.extensions import db
from app.organizations.models import Role
from tests.cast import Browser
from tests.helpers import Mailbox, work

KEYS = "/settings/api-keys"


def create(browser: Browser, **fields: object) -> None:
    form = {"token": secrets.token_urlsafe(16), "name": "Import server", "scopes": ["usage:write"], **fields}
    browser.post(KEYS, data=form)


def revoke(browser: Browser) -> None:
    key = db.session.scalars(select(ApiKey)).one()
    browser.post(f"{KEYS}/{key.public_id}/revocation")


def mails(mailbox: Mailbox, name: str = "ada") -> list[dict[str, Any]]:
    work()
    return mailbox.to(f"{name}@example.com")[::-1]


def test_a_new_key_is_told_with_all_it_takes_to_judge_it(ada: Browser, mailbox: Mailbox):
    create(ada, scopes=["usage:write", "entitlements:read"])
    key = db.session.scalars(select(ApiKey)).one()
    (mail,) = mails(mailbox)
    assert mail["subject"] == "A new API key for Analytical Engines: Import server"
    for said in (
        f"Key: Import server ({key.shown_as})",
        "Allowed to: Ask what the plan allows, Report usage",
        "By: Ada, ada@example.com",
        "When: ",
        "UTC",
        f"/settings/api-keys/{key.public_id}/revocation",
    ):
        assert said in mail["text"]
    assert mail["html"].count('class="button"') == 1


def test_the_way_to_revoke_leads_there(ada: Browser, mailbox: Mailbox):
    create(ada)
    (mail,) = mails(mailbox)
    link = next(line for line in mail["text"].splitlines() if line.endswith("/revocation"))
    assert "Revoke Import server?" in ada.get(link).text


def test_a_mail_does_not_have_the_secret(ada: Browser, mailbox: Mailbox):
    _key, secret = service.create(ada.organization, "Import server", ["usage:write"])
    db.session.commit()
    (mail,) = mails(mailbox)
    assert secret[-20:] not in mail["text"] + mail["html"] + mail["subject"]


def test_a_revoked_key_is_told_as_well(ada: Browser, mailbox: Mailbox):
    create(ada)
    revoke(ada)
    mail = mails(mailbox)[-1]
    assert mail["subject"] == "An API key of Analytical Engines was revoked: Import server"
    assert "is refused from now on" in mail["text"]
    assert "By: Ada, ada@example.com" in mail["text"]


def test_admins_are_told_and_others_are_not(
    ada: Browser, bob: Browser, person: Callable[..., Browser], mailbox: Mailbox
):
    person("Dora", ada.organization, Role.ADMIN)
    person("Mia", ada.organization, Role.MEMBER)
    create(ada)
    assert [len(mails(mailbox, name)) for name in ("ada", "dora", "bob", "mia")] == [1, 1, 0, 0]


@pytest.mark.parametrize("fields", [{"name": ""}, {"scopes": []}])
def test_a_key_that_is_not_made_is_not_told(ada: Browser, mailbox: Mailbox, fields: dict[str, object]):
    create(ada, **fields)
    assert mails(mailbox) == []


def test_a_form_sent_twice_is_told_once(ada: Browser, mailbox: Mailbox):
    token = secrets.token_urlsafe(16)
    for _ in range(2):
        create(ada, token=token)
    assert len(mails(mailbox)) == 1
