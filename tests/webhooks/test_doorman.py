"""The doorman: verified, written down once, thanked."""

import json
import time
from typing import Any

import pytest
import stripe
from flask import Flask
from werkzeug.test import TestResponse

from app.core.extensions import db
from app.core.tasks import bell
from app.webhooks import doorman
from app.webhooks.models import EventState, InboxEvent
from tests.cast import Browser
from tests.helpers import until
from tests.statements import counted


def event(**changes: Any) -> dict[str, Any]:
    subscription = {"id": "sub_1", "object": "subscription"}
    return {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.updated",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": subscription},
        **changes,
    }


@pytest.fixture
def deliver(app: Flask, client: Browser):
    """Post a body as Stripe does; `at` is the signature's Unix time, `secret` what it is made with."""
    own = app.extensions["settings"].stripe_webhook_secret[0].get_secret_value()

    def post(body: str, at: float | None = None, secret: str = own) -> TestResponse:
        stamp = int(time.time() if at is None else at)
        header = stripe.WebhookSignature.generate_signature_header(body, secret, stamp)
        return client.post("/webhooks/stripe", data=body, csrf=False, headers={"Stripe-Signature": header})

    return post


def inbox() -> list[InboxEvent]:
    return list(db.session.scalars(db.select(InboxEvent)))


def test_a_signed_event_is_written_down(deliver):
    assert deliver(json.dumps(event())).status_code == 200
    (row,) = inbox()
    assert (row.event_id, row.object_id, row.state) == ("evt_1", "sub_1", EventState.RECEIVED)


def test_an_event_of_live_mode_is_kept_but_not_handled_in_a_test_account(deliver):
    assert deliver(json.dumps(event(livemode=True))).status_code == 200
    assert [row.state for row in inbox()] == [EventState.IGNORED]


def test_an_event_of_a_connected_account_is_kept_but_not_handled(deliver):
    assert deliver(json.dumps(event(account="acct_another"))).status_code == 200
    assert [row.state for row in inbox()] == [EventState.IGNORED]


def test_it_costs_one_statement(deliver):
    with counted() as statements:
        deliver(json.dumps(event()))
    assert len(statements) == 1


def test_a_repeat_is_thanked_and_not_written_again(deliver):
    for _ in range(3):
        assert deliver(json.dumps(event())).status_code == 200
    assert len(inbox()) == 1


def test_an_unknown_type_is_thanked_and_kept(deliver):
    assert deliver(json.dumps(event(type="radar.early_fraud_warning.created"))).status_code == 200
    assert inbox()[0].state == EventState.IGNORED


def test_many_events_ring_one_bell(deliver):
    for n in range(3):
        deliver(json.dumps(event(id=f"evt_{n}")))
    redis = bell.redis
    assert redis is not None
    until(lambda: redis.llen("rq:queue:webhooks"), "the bell")
    assert redis.llen("rq:queue:webhooks") == 1


@pytest.mark.parametrize("age", [301, -301])
def test_an_old_or_future_signature_is_refused(deliver, age: int):
    assert deliver(json.dumps(event()), at=time.time() - age).status_code == 400
    assert inbox() == []


def test_a_signature_of_another_secret_is_refused(deliver):
    assert deliver(json.dumps(event()), secret="whsec_other").status_code == 400
    assert inbox() == []


@pytest.mark.parametrize("header", ["", "garbage", "t=,v1=", "t=1", "v0=abc,t=1", "t=x,v1=y", "t=1,t=2,v1=z"])
def test_a_header_that_is_none_is_refused(client: Browser, header: str):
    answer = client.post("/webhooks/stripe", data="{}", csrf=False, headers={"Stripe-Signature": header})
    assert answer.status_code == 400
    assert inbox() == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"id": "evt_1"}',
        "[" * 100_000,
        json.dumps(event(data={"object": []})),
        "not json",
        json.dumps(event(x=float("nan"))),
        json.dumps(event(data={"object": {"id": {"a": 1}}})),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(deliver, body: str):
    assert deliver(body).status_code == 400
    assert inbox() == []


def test_a_nul_in_the_body_does_not_keep_the_event_out(deliver):
    assert deliver(json.dumps(event(note="a\x00b"))).status_code == 200
    assert len(inbox()) == 1


def test_a_body_that_is_too_large_is_refused(deliver):
    assert deliver(json.dumps(event(padding="x" * 600_000))).status_code == 413


def test_only_posts_are_taken(client: Browser):
    assert client.get("/webhooks/stripe").status_code == 405


def test_what_cannot_be_written_down_stripe_is_asked_to_send_again(deliver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doorman, "INSERT", "SELECT 1 / 0")
    assert deliver(json.dumps(event())).status_code == 500
    assert inbox() == []


def test_while_the_database_is_busy_stripe_is_asked_to_send_it_again(deliver):
    with db.engine.begin() as somebody:
        somebody.execute(db.text("LOCK TABLE inbox_events"))
        assert deliver(json.dumps(event())).status_code == 503
    assert inbox() == []


def test_what_the_row_holds_is_what_was_sent(deliver):
    sent = event(note='a \\" b', data={"object": {"id": "in_1", "object": "invoice", "customer": "cus_1"}})
    deliver(json.dumps(sent))
    (row,) = inbox()
    assert (row.customer, row.object_type, row.payload) == ("cus_1", "invoice", sent)


def test_no_cookie_is_set(deliver):
    assert "Set-Cookie" not in deliver(json.dumps(event())).headers
