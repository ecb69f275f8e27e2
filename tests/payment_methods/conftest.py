"""Cards as customers save them, and what happens to them at Stripe meanwhile."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Flask

from app.core.extensions import db
from app.gateway.client import client
from app.invoices.models import Invoice
from app.payment_methods.models import PaymentMethod
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

VISA, MASTERCARD = "4242424242424242", "5555555555554444"


def cards_of(browser: Browser) -> list[PaymentMethod]:
    """The default first."""
    return list(db.session.scalars(PaymentMethod.of(browser.organization)))


def the_card(browser: Browser, last4: str) -> PaymentMethod:
    (found,) = [card for card in cards_of(browser) if card.last4 == last4]
    return found


def at_stripe(sandbox: Sandbox, method: str, path: str, **data: str) -> None:
    """What somebody does in Stripe's dashboard; then the workers work."""
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    requests.request(method, f"{sandbox.url}/v1/{path}", data=data, headers=headers, timeout=10).raise_for_status()
    work(sandbox)


def falter(sandbox: Sandbox, **fault: Any) -> None:
    """`falter(sandbox, call="error", path="/v1/…")`: what goes wrong at Stripe, for as long as the test lasts."""
    plan = {"plan": [{"count": None, **fault}]}
    requests.post(f"{sandbox.url}/_sandbox/faults", json=plan, timeout=10).raise_for_status()


def customer_at_stripe(browser: Browser) -> Any:
    return client().v1.customers.retrieve(str(browser.organization.stripe_customer_id))


def default_at_stripe(browser: Browser) -> str | None:
    found: str | None = customer_at_stripe(browser).invoice_settings.default_payment_method
    return found


def the_open_invoice(browser: Browser) -> Invoice:
    return db.session.scalars(Invoice.of(browser.organization).where(Invoice.status == "open")).one()


@pytest.fixture
def begin_saving(card: CardForm) -> Callable[..., dict[str, Any]]:
    """`begin_saving(ada, VISA)`: the browser's part of adding a card; answers the intent, which the portal knows nothing of."""

    def save(browser: Browser, number: str, *, default: bool = True, **fields: str) -> dict[str, Any]:
        form = {"token": secrets.token_urlsafe(16), **({"make_default": "y"} if default else {}), **fields}
        answer = browser.post("/payment-methods/new", data=form).get_json()
        assert answer["kind"] == "setup", answer
        return card.confirm(answer["client_secret"], number)

    return save


@pytest.fixture
def save_card(begin_saving: Callable[..., dict[str, Any]], sandbox: Sandbox) -> Callable[..., None]:
    """The same, and the workers hear of it."""

    def save(browser: Browser, number: str, **wishes: Any) -> None:
        begin_saving(browser, number, **wishes)
        work(sandbox)

    return save


@pytest.fixture
def make_default(app: Flask) -> Callable[..., Any]:
    """`make_default(ada, "4444")`: the button on its row, with the amount the page shows."""

    def press(browser: Browser, last4: str, due: str = "", token: str = "") -> Any:
        form = {"token": token or secrets.token_urlsafe(16), "due": due}
        return browser.post(f"/payment-methods/{the_card(browser, last4).public_id}/default", data=form)

    return press


@pytest.fixture
def owing(
    ada: Browser, subscribe: Callable[..., None], save_card: Callable[..., None], sandbox: Sandbox
) -> Callable[..., Invoice]:
    """Ada's Growth was renewed, but her card, saved as the default, did not pay; answers the open invoice."""

    def owe(number: str = "4000000000000341") -> Invoice:
        subscribe(ada, "growth")
        save_card(ada, number)
        sandbox.turn_clock("1 month")
        sandbox.turn_clock("2 hours")
        work(sandbox)
        return the_open_invoice(ada)

    return owe
