"""A change that was not paid at once: the old plan stays, and the customer pays, takes another card, or gives it up."""

from collections.abc import Callable

import pytest
import requests

from app.core.extensions import db
from app.gateway import invoice_payments, payment_intents, subscription_changes
from app.invoices.models import Invoice
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

from .changing import Nexus, Subscribe, change_to, form_of, look, newest_invoice, of, press, take_back, turn, words

UseCard = Callable[[Browser, str], None]
GOOD, FAILS = "4242424242424242", "4000000000000341"
ASKS_ALWAYS = "4000002760003184"


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


@pytest.fixture
def waiting(subscribed: Browser, use_card: UseCard, nexus: Nexus) -> Browser:
    """For the payment of Pro, which was declined."""
    use_card(subscribed, FAILS)
    change_to(subscribed, nexus("pro"))
    return subscribed


def wanted(nexus: Nexus) -> dict[str, str]:
    return {"price": nexus("pro").public_id, "quantity": "1"}


def pay(browser: Browser) -> None:
    """As the payment page does, with the card that is charged by now."""
    invoice_payments.pay("pay", str(of(browser).latest_invoice), str(of(browser).default_payment_method))


def saved_with_the_bank(browser: Browser, card: CardForm, sandbox: Sandbox) -> None:
    """A card whose bank wants to be asked at every payment; it was asked while the card was saved."""
    customer = str(browser.organization.stripe_customer_id)
    secret = payment_intents.save_card("save", customer=customer, metadata={})
    intent = card.confirm(secret, ASKS_ALWAYS)
    answer = {"client_secret": secret, "outcome": "complete"}
    requests.post(f"{sandbox.url}/_browser/3ds/{intent['id']}", json=answer, timeout=10).raise_for_status()
    method = sandbox.objects("payment_methods", customer=customer)[0]["id"]
    subscription_changes.set_default_payment_method("card", of(browser).stripe_id, method)
    work(sandbox)


def test_a_payment_that_needs_the_bank_waits_too(subscribed: Browser, card: CardForm, nexus: Nexus, sandbox: Sandbox):
    saved_with_the_bank(subscribed, card, sandbox)
    answer = change_to(subscribed, nexus("pro"))
    assert answer.location == f"/invoices/pay/{newest_invoice(sandbox)['id']}"
    assert (of(subscribed).price_id, of(subscribed).pending_price_id) == (nexus("growth").id, nexus("pro").id)


def test_what_is_not_paid_at_once_leads_to_its_payment(
    subscribed: Browser, use_card: UseCard, nexus: Nexus, sandbox: Sandbox
):
    use_card(subscribed, FAILS)
    form = form_of(look(subscribed, nexus("pro")))
    answer = press(subscribed, nexus("pro"), form)
    assert answer.status_code == 303
    assert answer.location == f"/invoices/pay/{newest_invoice(sandbox)['id']}"
    assert str(newest_invoice(sandbox)["amount_due"]) == form["due"]
    subscription = of(subscribed)
    assert (subscription.price_id, subscription.pending_price_id) == (nexus("growth").id, nexus("pro").id)
    work(sandbox)
    page = subscribed.get(answer.location, follow_redirects=True)
    assert page.status_code == 200
    assert "Until then you keep Growth." in page.text


def test_every_page_says_so_and_the_subscription_offers_three_ways(waiting: Browser, sandbox: Sandbox):
    work(sandbox)
    assert "Your change to Pro waits for its payment. You keep Growth until then." in waiting.get("/").text
    said = words(waiting.get("/subscription"))
    assert "Due for it $200.00" in said
    assert "Expires" in said
    assert "Pay $200.00 Use another card Discard" in said
    assert "?card=other" in waiting.get("/subscription").text


def test_nobody_owes_what_it_would_cost(waiting: Browser, sandbox: Sandbox):
    work(sandbox)
    (invoice,) = db.session.scalars(Invoice.of(waiting.organization).where(Invoice.status == "open"))
    assert (invoice.attempt_count > 0, invoice.is_overdue) == (True, False)
    assert db.session.scalars(Invoice.of(waiting.organization).where(Invoice.overdue())).all() == []
    assert "Waiting for your change" in words(waiting.get("/invoices"))
    said = words(waiting.get(f"/invoices/{invoice.number}"))
    assert "Unpaid, the change is given up and nothing is owed." in said
    assert "Next attempt" not in said
    assert "is overdue" not in words(waiting.get("/payment-methods"))


def test_another_change_is_refused_with_the_same_ways(waiting: Browser, nexus: Nexus):
    answer = look(waiting, nexus("starter"))
    assert answer.status_code == 409
    assert "Pay Use another card Discard" in words(answer)


def test_a_change_that_is_given_up_costs_nothing(waiting: Browser, nexus: Nexus, sandbox: Sandbox):
    answer = take_back(waiting, "waiting", **wanted(nexus))
    assert answer.status_code == 303
    assert "The change is discarded" in waiting.get("/subscription").text
    assert "Waiting change discarded" in waiting.get("/").text
    assert newest_invoice(sandbox)["status"] == "void"
    work(sandbox)
    assert (of(waiting).price_id, of(waiting).pending_price_id) == (nexus("growth").id, None)
    assert take_back(waiting, "waiting", **wanted(nexus)).status_code == 303
    assert take_back(waiting, "waiting", "u" * 22, **wanted(nexus)).status_code == 409
    assert form_of(look(waiting, nexus("pro")))["due"] == "20000"


def test_what_is_paid_meanwhile_has_taken_effect(waiting: Browser, use_card: UseCard, nexus: Nexus, sandbox: Sandbox):
    use_card(waiting, GOOD)
    sandbox.hold_events()
    pay(waiting)
    answer = take_back(waiting, "waiting", **wanted(nexus))
    assert answer.status_code == 303
    assert "It was paid in the meantime: you have Pro now." in waiting.get("/subscription").text
    sandbox.hold_events(False)
    work(sandbox)
    assert (of(waiting).price_id, of(waiting).pending_price_id) == (nexus("pro").id, None)


def test_so_it_has_when_we_heard_of_it_first(waiting: Browser, use_card: UseCard, nexus: Nexus, sandbox: Sandbox):
    use_card(waiting, GOOD)
    pay(waiting)
    work(sandbox)
    assert of(waiting).price_id == nexus("pro").id
    take_back(waiting, "waiting", **wanted(nexus))
    assert "It was paid in the meantime: you have Pro now." in waiting.get("/subscription").text
    assert of(waiting).price_id == nexus("pro").id


def test_a_change_that_nobody_pays_is_given_up_by_itself(waiting: Browser, nexus: Nexus, sandbox: Sandbox):
    turn(sandbox, "24 hours")
    assert (of(waiting).price_id, of(waiting).is_waiting) == (nexus("growth").id, False)
    assert "Change not paid in time, so it was given up" in waiting.get("/").text
    assert newest_invoice(sandbox)["status"] == "void"
    assert len([charge for charge in sandbox.objects("charges") if charge["paid"]]) == 1


def test_a_stranger_cannot_give_it_up(waiting: Browser, cleo: Browser, nexus: Nexus):
    assert take_back(cleo, "waiting", **wanted(nexus)).status_code == 404
    db.session.expire_all()
    assert of(waiting).is_waiting


def test_pressing_again_leads_to_the_same_payment(
    subscribed: Browser, use_card: UseCard, nexus: Nexus, sandbox: Sandbox
):
    use_card(subscribed, FAILS)
    form = form_of(look(subscribed, nexus("pro")))
    first, again = press(subscribed, nexus("pro"), form), press(subscribed, nexus("pro"), form)
    assert first.location == again.location
    assert len(sandbox.objects("invoices")) == 2


def test_one_token_discards_one_change_after_the_other(waiting: Browser, nexus: Nexus, sandbox: Sandbox):
    work(sandbox)
    assert take_back(waiting, "waiting").status_code == 303
    work(sandbox)
    change_to(waiting, nexus("pro"))
    work(sandbox)
    assert of(waiting).is_waiting
    assert take_back(waiting, "waiting").status_code == 303
    assert not of(waiting).is_waiting
