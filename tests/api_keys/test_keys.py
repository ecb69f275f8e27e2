"""The page /settings/api-keys: everybody reads it, admins create and revoke, a secret is shown once."""

import html
import re
import secrets

import pytest
from flask import Flask
from sqlalchemy import select

from app.api_keys import service
from app.api_keys.models import ApiKey
from app.audit.models import Entry
from app.core.extensions import db
from tests.cast import Browser

KEYS = "/settings/api-keys"


def form(**fields: object) -> dict[str, object]:
    return {"token": secrets.token_urlsafe(16), "name": "Import server", "scopes": ["usage:write"]} | fields


def shown_secret(page: str) -> str:
    found = re.search(r'value="(cf_[^"]+)"', page)
    assert found
    return found[1]


def all_keys() -> list[ApiKey]:
    return list(db.session.scalars(select(ApiKey).order_by(ApiKey.id)))


@pytest.fixture
def key(ada: Browser) -> ApiKey:
    key, _secret = service.create(ada.organization, "Import server", ["usage:write"])
    db.session.commit()
    return key


def test_a_new_key_is_shown_once(ada: Browser):
    answer = ada.post(KEYS, data=form())
    secret = shown_secret(answer.text)
    assert answer.status_code == 201
    assert secret.startswith("cf_sandbox_")
    assert len(secret) > 50
    assert secret not in ada.get(KEYS).text


@pytest.mark.parametrize(
    ("scopes", "path"),
    [
        (["usage:write"], "/api/v1/usage/events"),
        (["entitlements:read"], "/api/v1/entitlements"),
        (["usage:write", "entitlements:read"], "/api/v1/entitlements"),
    ],
)
def test_a_new_key_comes_with_a_first_call_that_it_may_make(ada: Browser, scopes: list[str], path: str):
    page = ada.post(KEYS, data=form(scopes=scopes)).text
    (call,) = re.findall(r'<code id="example-call">(.*?)</code>', page, re.DOTALL)
    assert re.match(r"curl https?://\S+" + path + " ", call)
    assert f"Authorization: Bearer {shown_secret(page)}" in html.unescape(call)


def test_a_secret_may_not_be_kept_by_the_browser(ada: Browser):
    assert ada.post(KEYS, data=form()).headers["Cache-Control"] == "no-store"


def test_only_a_hash_and_the_last_letters_are_kept(ada: Browser):
    secret = shown_secret(ada.post(KEYS, data=form()).text)
    (key,) = all_keys()
    kept = [str(getattr(key, column.name)) for column in ApiKey.__table__.columns]
    assert not any(secret in value or secret[-20:] in value for value in kept)
    assert key.shown_as == f"cf_sandbox_…{secret[-4:]}"


def test_the_list_tells_keys_apart(ada: Browser, key: ApiKey):
    page = ada.get(KEYS).text
    assert key.shown_as in page
    assert "Import server" in page
    assert "Report usage" in page
    assert "never" in page


def test_a_form_sent_twice_makes_one_key(ada: Browser):
    data = form()
    ada.post(KEYS, data=data)
    again = ada.post(KEYS, data=data)
    assert again.status_code == 409
    assert "was created already" in again.text
    assert len(all_keys()) == 1


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "two\nlines"}, {"scopes": []}, {"scopes": ["everything"]}, {"token": "short"}]
)
def test_a_form_that_says_nonsense_makes_no_key(ada: Browser, fields: dict[str, object]):
    assert ada.post(KEYS, data=form(**fields)).status_code == 422
    assert all_keys() == []


def test_no_single_scope_is_required(ada: Browser):
    boxes = re.findall(r'<input[^>]*type="checkbox"[^>]*>', ada.get(KEYS).text)
    assert len(boxes) == 2
    assert not any("required" in box for box in boxes)


def test_there_is_an_end_to_keys(ada: Browser):
    for number in range(service.MOST_KEYS):
        service.create(ada.organization, f"Program {number}", ["usage:write"])
    db.session.commit()
    answer = ada.post(KEYS, data=form())
    assert answer.status_code == 422
    assert "at most 20 keys" in answer.text


def test_a_revoked_key_makes_room_for_another(ada: Browser):
    made = [service.create(ada.organization, "Program", ["usage:write"])[0] for _ in range(service.MOST_KEYS)]
    db.session.commit()
    ada.post(f"{KEYS}/{made[0].public_id}/revocation")
    assert ada.post(KEYS, data=form()).status_code == 201


def test_revoking_asks_first(ada: Browser, key: ApiKey):
    page = ada.get(f"{KEYS}/{key.public_id}/revocation").text
    assert "Revoke Import server" in page
    assert "cannot be undone" in page


def test_a_revoked_key_is_listed_as_such(ada: Browser, key: ApiKey):
    answer = ada.post(f"{KEYS}/{key.public_id}/revocation")
    assert answer.status_code == 303
    page = ada.get(KEYS).text
    assert "Revoked" in page
    assert f"{key.public_id}/revocation" not in page


def test_creating_and_revoking_are_on_record_without_the_secret(ada: Browser):
    secret = shown_secret(ada.post(KEYS, data=form()).text)
    (key,) = all_keys()
    ada.post(f"{KEYS}/{key.public_id}/revocation")
    entries = db.session.scalars(select(Entry).where(Entry.subject == key.public_id).order_by(Entry.id)).all()
    assert [(entry.action, entry.user_id) for entry in entries] == [
        ("api_key.created", ada.user.id),
        ("api_key.revoked", ada.user.id),
    ]
    assert not any(secret in str(entry.data) for entry in entries)


def test_who_is_no_admin_reads_only(bob: Browser, ada: Browser, key: ApiKey):
    page = bob.get(KEYS).text
    assert key.shown_as in page
    assert "Create key" not in page
    assert "Only admins of your organization create and revoke keys." in page
    assert bob.post(KEYS, data=form()).status_code == 403
    assert bob.post(f"{KEYS}/{key.public_id}/revocation").status_code == 403
    assert [known.is_revoked for known in all_keys()] == [False]


def test_a_stranger_finds_no_key_of_others(cleo: Browser, key: ApiKey):
    assert key.shown_as not in cleo.get(KEYS).text
    assert cleo.get(f"{KEYS}/{key.public_id}/revocation").status_code == 404
    assert cleo.post(f"{KEYS}/{key.public_id}/revocation").status_code == 404
    assert not all_keys()[0].is_revoked


def test_a_visitor_has_to_sign_in(client: Browser):
    assert client.get(KEYS).headers["Location"].startswith("/login")


def test_a_key_is_recognised_by_its_secret(ada: Browser):
    key, secret = service.create(ada.organization, "Import server", ["usage:write"])
    db.session.commit()
    assert service.recognise(secret) == (key, ada.organization)


def test_a_key_of_another_mode_is_not_recognised(ada: Browser, app: Flask):
    key, secret = service.create(ada.organization, "Import server", ["usage:write"])
    copied = secret.replace("cf_sandbox_", "cf_live_")
    key.secret_hash = service.tokens.digest(copied)
    db.session.commit()
    assert service.recognise(copied) is None


def test_a_use_is_noted_at_most_once_a_minute(ada: Browser, key: ApiKey):
    _key, secret = service.create(ada.organization, "Import server", ["usage:write"])
    db.session.commit()
    service.recognise(secret)
    db.session.expire_all()
    first = all_keys()[1].last_used_at
    service.recognise(secret)
    db.session.expire_all()
    assert first is not None
    assert all_keys()[1].last_used_at == first
