"""Paying an open invoice with a saved card, once per press."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.gateway.client import client
from app.invoices import paying
from app.invoices.models import Invoice
from app.invoices.paying import Result
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work

FAILS_LATER = "pm_card_chargeCustomerFail"
ASKS_ALWAYS = "pm_card_authenticationRequired"


def give_card(browser: Browser, name: str) -> str:
    """A card of Stripe's test names, saved and made the default everywhere."""
    customer = str(browser.organization.stripe_customer_id)
    method = client().v1.payment_methods.attach(name, {"customer": customer}).id
    client().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})
    for subscription in client().v1.subscriptions.list({"customer": customer}).data:
        client().v1.subscriptions.update(subscription.id, {"default_payment_method": method})
    return method


def the_open_invoice(browser: Browser) -> Invoice:
    return db.session.scalars(Invoice.of(browser.organization).where(Invoice.status == "open")).one()


@pytest.fixture
def owing(ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox) -> Callable[..., Invoice]:
    """Ada's Growth was renewed, but its card did not pay; answers the open invoice."""

    def owe(card: str = FAILS_LATER) -> Invoice:
        subscribe(ada, "growth")
        give_card(ada, card)
        sandbox.turn_clock("1 month")
        sandbox.turn_clock("2 hours")
        work(sandbox)
        return the_open_invoice(ada)

    return owe


def subscription_of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def test_another_saved_card_pays_and_brings_the_subscription_back(ada: Browser, owing: Callable[..., Invoice]) -> None:
    invoice = owing()
    assert subscription_of(ada).is_past_due
    visa = give_card(ada, "pm_card_visa")
    outcome = paying.pay(ada.organization, invoice, visa, "t" * 22)
    db.session.commit()
    assert outcome.result == Result.PAID
    assert the_status(invoice) == "paid"
    assert subscription_of(ada).status == "active"


def the_status(invoice: Invoice) -> str:
    db.session.refresh(invoice)
    return invoice.status


def test_a_refused_card_says_why_and_leaves_the_invoice_open(ada: Browser, owing: Callable[..., Invoice]) -> None:
    invoice = owing()
    outcome = paying.pay(ada.organization, invoice, None, "t" * 22)
    assert (outcome.result, outcome.sentence) == (Result.DECLINED, "Your card was declined.")
    assert the_status(invoice) == "open"


def test_a_card_that_asks_for_its_owner_is_to_be_confirmed(ada: Browser, owing: Callable[..., Invoice]) -> None:
    invoice = owing(ASKS_ALWAYS)
    outcome = paying.pay(ada.organization, invoice, None, "t" * 22)
    assert outcome.result == Result.NEEDS_CONFIRMATION
    assert str(outcome.client_secret).startswith("pi_")
    assert str(outcome.client_secret) not in repr(outcome)


def test_the_same_press_twice_charges_once(ada: Browser, owing: Callable[..., Invoice], sandbox: Sandbox) -> None:
    invoice = owing()
    visa = give_card(ada, "pm_card_visa")
    results = [paying.pay(ada.organization, invoice, visa, "t" * 22).result]
    db.session.commit()
    results.append(paying.pay(ada.organization, invoice, visa, "t" * 22).result)
    assert results == [Result.PAID, Result.PAID]
    charges = sandbox.objects("charges", customer=str(ada.organization.stripe_customer_id))
    assert [charge["amount"] for charge in charges if charge["paid"]] == [9900, 9900]  # the first month and this one


def test_an_invoice_paid_elsewhere_says_so_and_is_caught_up_with(ada: Browser, owing: Callable[..., Invoice]) -> None:
    invoice = owing()
    client().v1.invoices.pay(invoice.stripe_id, {"payment_method": give_card(ada, "pm_card_visa")})
    outcome = paying.pay(ada.organization, invoice, None, "t" * 22)
    db.session.commit()
    assert outcome.result == Result.ALREADY_PAID
    assert the_status(invoice) == "paid"


@pytest.mark.parametrize("deed", ["void_invoice", "mark_uncollectible"])
def test_what_nobody_owes_any_more_is_not_charged(ada: Browser, owing: Callable[..., Invoice], deed: str) -> None:
    invoice = owing()
    getattr(client().v1.invoices, deed)(invoice.stripe_id)
    outcome = paying.pay(ada.organization, invoice, give_card(ada, "pm_card_visa"), "t" * 22)
    assert outcome.result == Result.NOT_OWED
    assert outcome.sentence.endswith("any more.")


def test_another_amount_than_the_one_shown_is_not_charged(ada: Browser, owing: Callable[..., Invoice]) -> None:
    invoice = owing()
    with pytest.raises(paying.AmountChanged, match=r"\$99\.00"):
        paying.pay(ada.organization, invoice, give_card(ada, "pm_card_visa"), "t" * 22, shown=2900)
    assert the_status(invoice) == "open"


def test_a_card_of_somebody_else_pays_nothing(
    ada: Browser, cleo: Browser, owing: Callable[..., Invoice], subscribe: Callable[..., None]
) -> None:
    invoice = owing()
    subscribe(cleo, "starter", "4242424242424242")
    outcome = paying.pay(ada.organization, invoice, give_card(cleo, "pm_card_visa"), "t" * 22)
    assert outcome.result == Result.DECLINED
    assert outcome.sentence == "This card cannot be used any more. Choose another one."
