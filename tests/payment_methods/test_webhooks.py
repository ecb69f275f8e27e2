"""What happens to a card at Stripe happens to its mirror here."""

from collections.abc import Callable

import requests

from app.audit.models import Entry
from app.core.extensions import db
from app.payment_methods import service
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.payment_methods.conftest import MASTERCARD, at_stripe, cards_of

Subscribe = Callable[..., None]


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


def steps_of(browser: Browser) -> list[tuple[str, str]]:
    """What happened to cards, oldest first, with the expiry after it."""
    mine = db.select(Entry).where(Entry.organization_id == browser.organization.id)
    entries = db.session.scalars(mine.where(Entry.action.startswith("payment_method.")).order_by(Entry.id))
    return [(entry.action.split(".")[1], entry.data["expiry"]) for entry in entries]


def test_a_card_renewed_by_its_bank_shows_the_new_date_and_says_so_in_the_timeline(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox
):
    subscribe(ada)
    card = cards_of(ada)[0].stripe_id
    requests.post(f"{sandbox.url}/_sandbox/payment_methods/{card}/renew", json={}, timeout=10).raise_for_status()
    work(sandbox)
    assert steps_of(ada) == [("added", "12/2040"), ("renewed", cards_of(ada)[0].expiry)]
    assert cards_of(ada)[0].exp_year == 2045
    assert "Card updated by its bank" in ada.get("/").text


def test_every_step_of_a_card_stands_in_the_timeline(
    ada: Browser, subscribe: Subscribe, save_card: Callable[..., None], sandbox: Sandbox
):
    subscribe(ada)
    save_card(ada, MASTERCARD)
    visa = cards_of(ada)[1].stripe_id
    at_stripe(sandbox, "POST", f"payment_methods/{visa}", **{"card[exp_year]": "2041"})
    at_stripe(sandbox, "POST", f"payment_methods/{visa}/detach")
    timeline = ada.get("/").text
    for words in ("Card added", "Card made the default", "Card details changed", "Card removed", "Visa •••• 4242"):
        assert words in timeline


def test_an_answer_long_on_its_way_changes_nothing(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada)
    old = service.fetch(str(ada.organization.stripe_customer_id))
    at_stripe(sandbox, "POST", f"payment_methods/{cards_of(ada)[0].stripe_id}/detach")
    service.absorb(ada.organization, old)
    db.session.commit()
    assert cards_of(ada) == []


def test_of_two_answers_the_later_question_counts(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada)
    customer = str(ada.organization.stripe_customer_id)
    old = service.fetch(customer)
    at_stripe(sandbox, "POST", f"payment_methods/{cards_of(ada)[0].stripe_id}", **{"card[exp_year]": "2041"})
    for answer in (service.fetch(customer), old):
        service.absorb(ada.organization, answer)
        db.session.commit()
    assert cards_of(ada)[0].expiry == "12/2041"
