"""An event about an invoice has it fetched from Stripe, whatever the event said."""

from collections.abc import Callable

import pytest
from stripe.params import SubscriptionCreateParams

from app.catalog.models import Price
from app.core.extensions import db
from app.gateway.client import client
from app.invoices import service, webhooks
from app.invoices.models import Invoice
from tests.cast import Browser
from tests.helpers import Sandbox


@pytest.fixture
def growth(nexus: Callable[..., Price]) -> str:
    return nexus("growth").stripe_price_id


def customer_of(browser: Browser, card: str | None = None) -> str:
    customer = client().v1.customers.create({"name": browser.organization.name}).id
    if card:
        attached = client().v1.payment_methods.attach(card, {"customer": customer}).id
        client().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": attached}})
    browser.organization.stripe_customer_id = customer
    db.session.add(browser.organization)
    db.session.commit()
    return customer


def first_invoice(customer: str, price: str) -> str:
    params: SubscriptionCreateParams = {"customer": customer, "items": [{"price": price}]}
    params["payment_behavior"] = "default_incomplete"
    return str(client().v1.subscriptions.create(params).latest_invoice)


def test_an_invoice_appears_and_becomes_paid_with_its_card(ada: Browser, growth: str) -> None:
    stripe_id = first_invoice(customer_of(ada, "pm_card_visa"), growth)
    webhooks.invoice_changed(stripe_id)
    db.session.commit()
    invoice = db.session.scalars(Invoice.of(ada.organization)).one()
    assert (invoice.status, invoice.total_amount, invoice.remaining_amount) == ("open", 9900, 9900)
    client().v1.invoices.pay(stripe_id)
    webhooks.invoice_changed(stripe_id)
    db.session.commit()
    assert invoice.is_paid
    (payment,) = invoice.payments
    assert (payment["amount"], payment["brand"], payment["last4"]) == (9900, "visa", "4242")
    assert [line.amount for line in service.lines(invoice)] == [9900]


def test_a_draft_is_kept_once_it_is_finalized(ada: Browser, growth: str, sandbox: Sandbox) -> None:
    client().v1.invoices.pay(first_invoice(customer_of(ada, "pm_card_visa"), growth))
    sandbox.turn_clock("1 month")
    (draft,) = sandbox.objects("invoices", status="draft")
    assert service.sync(draft["id"]) is None
    sandbox.turn_clock("2 hours")
    renewal = service.sync(draft["id"])
    assert renewal is not None
    assert renewal.billing_reason == "subscription_cycle"


def test_an_invoice_of_a_customer_who_is_not_ours_is_not_kept(ada: Browser, growth: str) -> None:
    foreign = customer_of(ada)
    customer_of(ada)
    assert service.sync(first_invoice(foreign, growth)) is None


def test_a_draft_that_was_deleted_is_no_error(ada: Browser) -> None:
    assert service.sync("in_deleted") is None
