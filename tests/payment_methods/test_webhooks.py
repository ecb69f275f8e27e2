"""What happens to a card at Stripe happens to its mirror here."""

from collections.abc import Callable

import requests

from app.core.extensions import db
from app.payment_methods.models import PaymentMethod
from tests.cast import Browser
from tests.helpers import Sandbox, work

Subscribe = Callable[..., None]


def cards_of(browser: Browser) -> list[PaymentMethod]:
    return list(db.session.scalars(PaymentMethod.of(browser.organization)))


def at_stripe(sandbox: Sandbox, method: str, path: str, **data: str) -> None:
    """What somebody does in Stripe's dashboard; then the workers work."""
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    requests.request(method, f"{sandbox.url}/v1/{path}", data=data, headers=headers, timeout=10).raise_for_status()
    work(sandbox)


def test_the_card_of_a_checkout_is_remembered(ada: Browser, subscribe: Subscribe):
    subscribe(ada)
    assert [card.label for card in cards_of(ada)] == ["Visa •••• 4242"]


def test_a_card_that_becomes_the_default_is_marked(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada)
    (card,) = cards_of(ada)
    path = f"customers/{ada.organization.stripe_customer_id}"
    at_stripe(sandbox, "POST", path, **{"invoice_settings[default_payment_method]": card.stripe_id})
    assert [card.is_default for card in cards_of(ada)] == [True]


def test_a_detached_card_is_forgotten(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada)
    at_stripe(sandbox, "POST", f"payment_methods/{cards_of(ada)[0].stripe_id}/detach")
    assert cards_of(ada) == []


def test_cards_go_with_their_customer(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada)
    at_stripe(sandbox, "DELETE", f"customers/{ada.organization.stripe_customer_id}")
    assert cards_of(ada) == []


def test_the_cards_of_others_stay(ada: Browser, cleo: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada)
    subscribe(cleo, number="5555555555554444")
    at_stripe(sandbox, "POST", f"payment_methods/{cards_of(ada)[0].stripe_id}/detach")
    assert [card.label for card in cards_of(cleo)] == ["Mastercard •••• 4444"]


def test_a_customer_nobody_knows_is_left_alone(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada)
    customer, ada.organization.stripe_customer_id = ada.organization.stripe_customer_id, None
    db.session.commit()
    at_stripe(sandbox, "POST", f"customers/{customer}", name="Somebody")
    assert len(cards_of(ada)) == 1
