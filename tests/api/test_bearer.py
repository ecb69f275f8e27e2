"""Who may ask: a key in a header, its scope, and no more often than is good."""

import hashlib
import logging
from collections.abc import Callable

import pytest
from limits import parse

from app.api.guards import PER_KEY, REFUSED_PER_ADDRESS
from app.api_keys import service as keys
from app.audit.models import Entry
from app.catalog.models import Price
from app.core.extensions import db, limiter
from tests.cast import Browser
from tests.programs import Program

CHECK, QUESTION = "/entitlements/check", {"meter": "renders"}


@pytest.fixture
def program(ada: Browser, nexus: Callable[..., Price]) -> Program:
    return Program(ada)


def test_a_good_key_is_let_in(program: Program):
    assert program.post(CHECK, QUESTION).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "token cf_sandbox_1"])
def test_without_a_key_one_is_asked_for(program: Program, header: str):
    answer = program.ask(CHECK, {"Authorization": header}, method="POST", json=QUESTION)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("token", ["nonsense", "cf_sandbox_nobody", "cf_live_nobody", "é" * 50, "x" * 5000, "a\x00b"])
def test_a_key_nobody_has_is_refused(program: Program, token: str):
    header = f"Bearer {token}".encode().decode("latin-1").replace("\x00", "%00")
    answer = program.ask(CHECK, {"Authorization": header}, method="POST", json=QUESTION)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'


def test_a_revoked_key_is_refused_from_the_next_request_on(ada: Browser, program: Program):
    assert program.post(CHECK, QUESTION).status_code == 200
    keys.revoke(ada.organization, program.key.public_id)
    db.session.commit()
    answer = program.post(CHECK, QUESTION)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


def test_a_key_without_the_scope_is_refused(ada: Browser, program: Program):
    answer = Program(ada, "usage:write").post(CHECK, QUESTION)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "missing_scope")
    assert 'scope="entitlements:read"' in answer.headers["WWW-Authenticate"]


def test_a_signed_in_browser_is_nobody_without_a_key(ada: Browser, program: Program):
    assert ada.post("/api/v1" + CHECK, json=QUESTION).status_code == 401


def test_the_word_bearer_may_be_written_in_any_case(program: Program):
    answer = program.ask(CHECK, {"Authorization": f"bearer {program.secret}"}, method="POST", json=QUESTION)
    assert answer.status_code == 200


def test_a_key_opens_the_books_of_its_own_organization_only(ada: Browser, cleo: Browser, program: Program):
    program.post("/usage/events", {"id": "a", "meter": "renders", "quantity": 7})
    assert program.post(CHECK, QUESTION).get_json()["used"] == 7
    assert Program(cleo).post(CHECK, QUESTION).get_json()["used"] == 0


def test_no_cookie_is_given_to_a_program(program: Program):
    assert "Set-Cookie" not in program.post(CHECK, QUESTION).headers


def test_an_address_and_a_method_need_no_key_to_be_wrong(client: Browser):
    assert client.get("/api/v1/entitlements/check").get_json()["code"] == "method_not_allowed"


def test_a_key_that_asks_too_often_is_told_to_wait(ada: Browser, program: Program):
    digest = hashlib.sha256(program.secret.encode()).hexdigest()[:32]
    limiter.limiter.hit(parse(PER_KEY), digest, "api", cost=6000)
    answer = program.post(CHECK, QUESTION)
    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert Program(ada).post(CHECK, QUESTION).status_code == 200


def test_an_address_that_brings_wrong_keys_is_told_to_wait(program: Program):
    limiter.limiter.hit(parse(REFUSED_PER_ADDRESS), "127.0.0.1", "api-refused", cost=600)
    wrong = {"Authorization": "Bearer cf_sandbox_nobody"}
    answer = program.ask(CHECK, wrong, method="POST", json=QUESTION)
    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_a_good_key_is_let_in_from_an_address_that_brought_wrong_ones(program: Program):
    limiter.limiter.hit(parse(REFUSED_PER_ADDRESS), "127.0.0.1", "api-refused", cost=600)
    answer = program.post(CHECK, QUESTION)
    assert answer.status_code == 200
    assert "Retry-After" not in answer.headers


def test_neither_logs_nor_audit_hold_a_secret(program: Program, capfd: pytest.CaptureFixture[str], caplog):
    with caplog.at_level(logging.DEBUG):
        program.post(CHECK, QUESTION)
        program.ask(CHECK, {"Authorization": "Bearer cf_sandbox_wrong-and-secret"}, method="POST", json=QUESTION)
    out = "".join(capfd.readouterr()) + caplog.text
    audit = " ".join(f"{entry.actor} {entry.subject} {entry.data}" for entry in db.session.scalars(db.select(Entry)))
    assert program.secret not in out + audit
    assert "wrong-and-secret" not in out + audit
