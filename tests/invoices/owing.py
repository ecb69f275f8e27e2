"""Somebody owes an invoice: made at Stripe directly, so that no month has to pass."""

from app.core.extensions import db
from app.gateway.client import client
from app.invoices import service
from app.invoices.models import Invoice
from tests.cast import Browser

VISA = "pm_card_visa"
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


def customer_of(browser: Browser) -> str:
    if browser.organization.stripe_customer_id is None:
        made = client().v1.customers.create({"name": browser.organization.name})
        browser.organization.stripe_customer_id = made.id
        db.session.add(browser.organization)
        db.session.commit()
    return str(browser.organization.stripe_customer_id)


def billed(browser: Browser, amount: int = 9900) -> str:
    """An open invoice at Stripe that we have not heard of; answers Stripe's id. Amounts in cents."""
    customer = customer_of(browser)
    invoice = client().v1.invoices.create({"customer": customer, "currency": "usd"})
    item = {"customer": customer, "invoice": invoice.id, "amount": amount, "currency": "usd", "description": "Setup"}
    client().v1.invoice_items.create(item)  # type: ignore[arg-type]
    return str(client().v1.invoices.finalize_invoice(invoice.id).id)


def owes(browser: Browser, card: str | None = FAILS_LATER, amount: int = 9900) -> Invoice:
    """An open invoice in our tables as well, and the default card that did not pay it."""
    customer_of(browser)
    if card:
        give_card(browser, card)
    invoice = service.sync(billed(browser, amount))
    assert invoice is not None
    db.session.commit()
    return invoice


def status_of(invoice: Invoice) -> str:
    db.session.refresh(invoice)
    return invoice.status


def charges_of(browser: Browser) -> list[int]:
    """What went through, in cents."""
    found = client().v1.charges.list({"customer": str(browser.organization.stripe_customer_id)}).data
    return [charge.amount for charge in found if charge.paid]
