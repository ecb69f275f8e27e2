"""Calls to Stripe: waited for where that helps, over in time, and not made at all while nobody is there."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.gateway import breaker as breakers
from app.gateway import catalog, customers, transport
from app.gateway.breaker import breaker
from app.gateway.errors import GatewayNotFound, GatewayUnavailable
from tests.gateway.faults import falter
from tests.helpers import Sandbox

CUSTOMERS = {"path": "/v1/customers"}
ALWAYS: dict[str, Any] = {"call": "error", "when": "before", "count": None}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_WAIT", 0.01)


def make() -> str:
    return customers.create("customer-create:org_1", "org_1")


def silence(times: int) -> None:
    for _ in range(times):
        with pytest.raises(GatewayUnavailable):
            catalog.products()


@pytest.mark.parametrize("kind", ["rate_limit", "lock_timeout", "conflict"])
def test_who_is_told_to_wait_waits_and_is_served(app: Flask, sandbox: Sandbox, kind: str):
    falter(sandbox, {"call": kind, "count": 4, **CUSTOMERS})
    assert make().startswith("cus_")
    assert len(sandbox.objects("customers")) == 1


def test_a_call_that_was_reset_is_made_again(app: Flask, sandbox: Sandbox):
    falter(sandbox, {"call": "reset", "when": "before", "count": 2, **CUSTOMERS})
    assert make().startswith("cus_")


def test_a_rate_limit_without_end_ends_with_the_deadline(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transport, "WORK_SECONDS", 0.3)
    falter(sandbox, {"call": "rate_limit", "count": None, **CUSTOMERS})
    with pytest.raises(GatewayUnavailable) as refusal:
        make()
    assert not refusal.value.unknown


@pytest.mark.parametrize("kind", ["drip", "timeout"])
def test_an_answer_that_drips_or_hangs_is_given_up_at_the_deadline(
    app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setattr(transport, "WORK_SECONDS", 0.4)
    falter(sandbox, {"call": kind, "seconds": 3, **CUSTOMERS})
    began = time.monotonic()
    with pytest.raises(GatewayUnavailable) as silence:
        make()
    assert silence.value.unknown
    assert time.monotonic() - began < 2
    falter(sandbox)


def test_a_page_waits_less_long_than_a_worker(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transport, "PAGE_SECONDS", 0.3)
    falter(sandbox, {"call": "rate_limit", "count": None, **CUSTOMERS})
    with app.test_request_context(), pytest.raises(GatewayUnavailable):
        make()


@pytest.fixture
def open_breaker(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Stripe was not heard often enough; call it to let the pause pass."""
    falter(sandbox, ALWAYS)
    silence(breakers.THRESHOLD)
    falter(sandbox)

    def pause_is_over() -> None:
        monkeypatch.setattr(breaker, "_closed_until", time.monotonic())

    return pause_is_over


def test_while_nobody_is_there_no_call_is_made(open_breaker: Callable[[], None], sandbox: Sandbox):
    with pytest.raises(GatewayUnavailable) as refusal:
        make()
    assert not refusal.value.unknown
    assert sandbox.objects("customers") == []


def test_after_a_pause_one_call_finds_stripe_again(open_breaker: Callable[[], None]):
    open_breaker()
    assert make().startswith("cus_")
    assert not breaker.is_open


def test_a_probe_that_finds_nobody_begins_another_pause(open_breaker: Callable[[], None], sandbox: Sandbox):
    open_breaker()
    falter(sandbox, ALWAYS)
    silence(1)
    assert breaker.is_open


def test_only_one_probe_goes_out_at_a_time(open_breaker: Callable[[], None]):
    open_breaker()
    assert [breaker.passes(), breaker.passes()] == [True, False]


def test_a_refusal_is_an_answer(app: Flask):
    for _ in range(breakers.THRESHOLD + 1):
        with pytest.raises(GatewayNotFound):
            customers.retrieve("cus_nobody")
    assert not breaker.is_open
