"""What became of a call whose end nobody heard: asked for under its key, looked for by its label, never done twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.core.transactions import apart
from app.gateway import catalog, customers, intents, payment_intents, resolving, transport
from app.gateway.client import client
from app.gateway.errors import GatewayRefused, GatewayUnavailable
from app.gateway.intents import IntentState, StripeIntent
from tests.gateway.faults import falter
from tests.helpers import Sandbox

KEY = "customer-create:org_1"
LOST_BEFORE = {"call": "reset", "when": "before", "method": "POST"}
LOST_AFTER = {"call": "reset", "when": "after", "method": "POST"}


@pytest.fixture(autouse=True)
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "RETRIES", 0)


def make() -> str:
    return customers.create(KEY, "org_1")


def intent(key: str = KEY) -> StripeIntent:
    db.session.expire_all()
    found = db.session.get_one(StripeIntent, key, populate_existing=True)
    db.session.commit()
    return found


def lose(sandbox: Sandbox, fault: dict[str, Any], deed: Callable[[], object]) -> None:
    falter(sandbox, fault)
    with pytest.raises(GatewayUnavailable):
        deed()
    falter(sandbox)


def resolve() -> list[tuple[str, str]]:
    """Look into every open intent, however young."""
    with apart() as session:
        session.execute(db.update(StripeIntent).values(retry_at=clock.wall()))
    return [touched for key, tries in resolving.due() for touched in resolving.resolve(key, tries)]


def a_day_passes(sandbox: Sandbox) -> None:
    sandbox.turn_clock("25 hours")
    clock.refresh()


@pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER])
def test_the_same_key_tells_what_became_of_it(app: Flask, sandbox: Sandbox, fault: dict[str, Any]):
    lose(sandbox, fault, make)
    assert intent().state == IntentState.UNKNOWN
    touched = resolve()
    (made,) = sandbox.objects("customers")
    assert (intent().state, intent().stripe_id) == (IntentState.SUCCEEDED, made["id"])
    assert touched == [("customer", made["id"])]


def test_a_call_is_repeated_to_the_letter(app: Flask, sandbox: Sandbox):
    customer = make()
    lose(sandbox, LOST_AFTER, lambda: payment_intents.save_card("card-add:1", customer=customer, metadata={}))
    resolve()
    (made,) = sandbox.objects("setup_intents")
    assert (intent("card-add:1").state, intent("card-add:1").stripe_id) == (IntentState.SUCCEEDED, made["id"])


def test_an_error_that_stripe_remembers_does_not_hide_what_was_made(app: Flask, sandbox: Sandbox):
    lose(sandbox, {"call": "error", "when": "after", "method": "POST"}, make)
    resolve()
    (made,) = sandbox.objects("customers")
    assert (intent().state, intent().stripe_id) == (IntentState.SUCCEEDED, made["id"])


def test_after_a_day_what_was_made_is_found_by_its_label(app: Flask, sandbox: Sandbox):
    lose(sandbox, LOST_AFTER, make)
    a_day_passes(sandbox)
    resolve()
    (made,) = sandbox.objects("customers")
    assert (intent().state, intent().stripe_id) == (IntentState.SUCCEEDED, made["id"])


def test_after_a_day_nothing_is_done_that_was_not_done(app: Flask, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, make)
    a_day_passes(sandbox)
    resolve()
    assert sandbox.objects("customers") == []
    assert (intent().state, intent().error_code) == (IntentState.FAILED, resolving.NOT_DONE)


@pytest.fixture
def product(app: Flask) -> str:
    return catalog.create_product("product:1", plan="growth", name="Growth", description="")


def rename(product: str, name: str, key: str = "product-update:1") -> None:
    catalog.update_product(key, product, name=name, description="")


def test_after_a_day_a_change_that_cannot_be_told_is_left_to_a_person(product: str, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, lambda: rename(product, "Growth+"))
    a_day_passes(sandbox)
    resolve()
    assert intent("product-update:1").state == IntentState.UNRESOLVED
    assert sandbox.objects("products")[0]["name"] == "Growth"


def test_a_change_that_was_overtaken_is_not_repeated(product: str, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, lambda: rename(product, "Growth+"))
    rename(product, "Growth 2", "product-update:2")
    resolve()
    assert intent("product-update:1").state == IntentState.OVERTAKEN
    assert sandbox.objects("products")[0]["name"] == "Growth 2"


def test_what_stripe_refuses_is_settled_as_refused(product: str, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, lambda: rename("prod_nobody", "Growth+"))
    resolve()
    assert intent("product-update:1").state == IntentState.FAILED


def test_a_killed_process_leaves_its_intent_to_be_found(app: Flask, sandbox: Sandbox):
    with pytest.raises(KeyboardInterrupt):
        intents.perform("customer:1", {"metadata": {"a": "b"}}, _killed_after)
    assert intent("customer:1").state == IntentState.STARTED
    assert resolving.due() == []
    resolve()
    assert intent("customer:1").stripe_id == sandbox.objects("customers")[0]["id"]


def _killed_after(params: Any, options: Any) -> Any:
    _make_customer(params, options)
    raise KeyboardInterrupt


def test_the_call_is_kept_only_until_its_end_is_known(app: Flask, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, make)
    sent = intent().sent
    assert sent is not None
    assert sent.params == {"metadata[organization]": "org_1", "metadata[intent]": intents.label(KEY)}
    resolve()
    assert intent().sent is None


def test_a_nul_does_not_keep_a_call_from_being_written_down(app: Flask, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, lambda: intents.perform("nul:1", {"name": "x\x00"}, _make_customer))
    sent = intent("nul:1").sent
    assert sent is not None
    assert sent.params["name"] == "x\x00"


def _make_customer(params: Any, options: Any) -> Any:
    return client().v1.customers.create(params, options)


def test_a_call_that_was_turned_away_is_not_open(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transport, "WORK_SECONDS", 0.2)
    lose(sandbox, {"call": "rate_limit", "count": None, "method": "POST"}, make)
    assert intent().state == IntentState.FAILED
    assert make() == sandbox.objects("customers")[0]["id"]


def test_being_turned_away_later_tells_nothing_about_the_first_try(
    app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transport, "WORK_SECONDS", 0.2)
    lose(sandbox, LOST_AFTER, make)
    lose(sandbox, {"call": "rate_limit", "count": None, "method": "POST"}, make)
    assert intent().state == IntentState.UNKNOWN


def test_what_succeeded_stays_so_whatever_a_repetition_meets(product: str, sandbox: Sandbox):
    rename(product, "Growth+")
    lose(sandbox, LOST_BEFORE, lambda: rename(product, "Growth+"))
    assert intent("product-update:1").state == IntentState.SUCCEEDED


def test_two_who_look_at_once_ask_once(app: Flask, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, make)
    falter(sandbox, {**LOST_BEFORE, "count": None})
    resolving.resolve(KEY, 0)
    before = intent().retry_at
    resolving.resolve(KEY, 0)
    assert intent().retry_at == before
    assert intent().tries == 1


def test_while_stripe_is_away_it_stays_open_and_is_asked_less_and_less(app: Flask, sandbox: Sandbox):
    lose(sandbox, LOST_BEFORE, make)
    falter(sandbox, {"call": "error", "when": "before", "count": None})
    for _ in range(3):
        resolve()
    assert intent().state == IntentState.UNKNOWN
    assert intent().retry_at > clock.wall() + timedelta(seconds=60)


def test_a_refused_deed_is_not_open(app: Flask):
    with pytest.raises(GatewayRefused):
        intents.perform("bad:1", {"email": "x" * 600}, _make_customer)
    assert intent("bad:1").state == IntentState.FAILED
