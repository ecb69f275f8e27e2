"""The door /signup: a person, their organization and a session in one go; and what it tells about others."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.audit.models import Entry
from app.auth.models import User, UserSession
from app.core.extensions import db
from app.organizations.models import Membership, Organization, Role
from tests.cast import Browser
from tests.helpers import Mailbox, work

ADA = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "password": "a fine long phrase",
    "organization": "Analytical Engines",
}


def count(model: type[User] | type[Organization] | type[UserSession]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_signing_up_makes_person_organization_and_admin_and_signs_in(client: Browser) -> None:
    assert client.post("/signup", data=ADA).status_code == 303
    user = db.session.scalars(select(User)).one()
    membership, organization = db.session.execute(select(Membership, Organization).join(Organization)).one()
    assert (user.email, user.name, user.is_verified, user.is_staff) == ("ada@example.com", "Ada Lovelace", False, False)
    assert user.password_hash.startswith("$argon2id$")
    assert (organization.name, membership.role, membership.user_id) == ("Analytical Engines", Role.ADMIN, user.id)
    assert "Analytical Engines" in client.get("/settings/team").text


def test_without_an_organization_ones_own_name_stands_for_it(client: Browser) -> None:
    client.post("/signup", data=ADA | {"organization": "  "})
    assert db.session.scalars(select(Organization.name)).one() == "Ada Lovelace"


def test_the_way_to_a_plan_is_kept(client: Browser) -> None:
    assert client.post("/signup?next=/plans", data=ADA).location == "/plans"
    assert client.get("/signup?next=/plans").location == "/plans", "who is signed in goes on at once"


def test_a_mail_asks_to_confirm_the_address(client: Browser, mailbox: Mailbox) -> None:
    client.post("/signup", data=ADA)
    work()
    mail = mailbox.to("ada@example.com")[0]
    assert mail["subject"] == "Confirm your email address for Counterfoil"
    assert client.post(re.findall(r"(/verify/\S+)", mail["text"])[0]).status_code == 303
    assert db.session.scalars(select(User)).one().is_verified


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("email", "ada", "name@example.com"),
        ("email", "a@b@c", "name@example.com"),
        ("email", "ada@example.com\r\nBcc: eve@example.com", "name@example.com"),
        ("email", '"ada lovelace"@example.com', "name@example.com"),
        ("email", "", "Enter your email address"),
        ("password", "7 chars", "at least 8"),
        ("password", "Counterfoil2026", "guessed"),
        ("name", "", "Enter your name"),
        ("name", "Ada\r\nBcc: eve@example.com", "one line"),
        ("name", "A" * 101, "at most 100"),
        ("organization", "Nul \0 Ltd", "one line"),
    ],
)
def test_a_refused_entry_is_explained_beside_its_field(client: Browser, field: str, value: str, why: str) -> None:
    answer = client.post("/signup", data=ADA | {field: value})
    assert answer.status_code == 422
    explained = re.findall(r'class="field-error" id="(\w+)-error">.*?</svg>(.*?)</p>', answer.text, re.S)
    assert [name for name, _ in explained] == [field]
    assert why in explained[0][1]
    assert count(User) == 0


def test_an_international_domain_is_one_address_however_it_is_written(client: Browser) -> None:
    client.post("/signup", data=ADA | {"email": "Ada@BÜCHER.example"})
    assert db.session.scalars(select(User.email)).one() == "ada@xn--bcher-kva.example"


def test_a_taken_address_gets_a_neutral_sentence_and_its_owner_a_mail(
    ada: Browser, client: Browser, mailbox: Mailbox
) -> None:
    before = count(UserSession)
    answer = client.post("/signup", data=ADA | {"email": "ADA@example.com"})
    work()
    assert answer.status_code == 422
    assert "If it is yours, sign in instead" in answer.text
    assert "Ada Lovelace" in answer.text, "what was typed stays"
    assert (count(User), count(UserSession)) == (1, before)
    assert mailbox.subjects("ada@example.com") == ["You already have a Counterfoil account"]


def test_the_owner_is_told_once_a_day_at_most(ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    for _ in range(3):
        client.post("/signup", data=ADA)
    work()
    assert len(mailbox.to("ada@example.com")) == 1


def test_a_browser_cannot_give_itself_more_than_it_was_asked_for(client: Browser) -> None:
    more = {
        "is_staff": "1",
        "role": "admin",
        "email_verified_at": "2026-01-01",
        "stripe_customer_id": "cus_1",
        "id": "77",
    }
    client.post("/signup", data=ADA | more)
    user, organization = db.session.scalars(select(User)).one(), db.session.scalars(select(Organization)).one()
    assert (user.is_staff, user.is_verified, organization.stripe_customer_id) == (False, False, None)
    assert 77 not in {user.id, organization.id}


def test_without_the_csrf_token_nothing_happens(client: Browser) -> None:
    assert client.post("/signup", data=ADA, csrf=False).status_code == 400
    assert client.post("/signup", data=ADA, csrf=False, headers={"X-CSRFToken": "made up"}).status_code == 400
    assert count(User) == 0


def test_another_site_cannot_sign_anybody_up(client: Browser) -> None:
    assert client.post("/signup", data=ADA, headers={"Origin": "https://evil.test"}).status_code == 403
    assert client.post("/signup", data=ADA, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert count(User) == 0


def test_markup_in_names_is_only_text(client: Browser, app: Flask) -> None:
    name = "<img src=x hx-get=/logout hx-trigger=load> {{ 7 * 7 }}"
    client.post("/signup", data=ADA | {"name": name, "organization": name})
    page = client.get("/settings/team").text
    assert "<img" not in page
    assert "{{ 7 * 7 }}" in page


def test_what_happened_is_on_record(client: Browser) -> None:
    client.post("/signup", data=ADA)
    entries = list(db.session.scalars(select(Entry).order_by(Entry.id)))
    assert [entry.action for entry in entries] == ["user.signed_up", "organization.created"]
    assert entries[0].user_id == entries[1].user_id == db.session.scalars(select(User.id)).one()
