"""Invoices at Stripe, as it computed them (https://docs.stripe.com/api/invoices/object)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe
from stripe.params import InvoiceVoidInvoiceParams

from app.core.transactions import release

from . import intents, lines, listing, payment_intents
from .client import client
from .errors import GatewayRefused, translated
from .expandable import id_of
from .lines import LineRecord
from .listing import Page
from .payment_intents import IntentRecord
from .times import instant

LINES_PER_CALL = 100
EXPAND = ["payments.data.payment.payment_intent", *lines.EXPAND]


@dataclass(frozen=True)
class TaxRecord:
    """One tax of the whole invoice; `reason` is Stripe's word, such as `standard_rated` or `reverse_charge`."""

    amount: int
    is_inclusive: bool
    reason: str
    rate: str | None


@dataclass(frozen=True)
class PaymentRecord:
    """A payment that succeeded; `payment_method` is the card's Stripe id when it was one."""

    stripe_id: str
    amount: int
    paid_at: datetime
    payment_method: str | None


@dataclass(frozen=True)
class BuyerRecord:
    """The customer as frozen on the invoice at finalization; `tax_ids` are pairs of type and value.

    `fields` are pairs of name and value that the seller or the customer wants printed, such as a purchase order.
    """

    name: str
    email: str
    address: dict[str, str]
    tax_ids: tuple[tuple[str, str], ...]
    tax_exempt: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class InvoiceRecord:
    """All amounts in minor units of `currency`, all instants UTC, `status` Stripe's word; drafts have no number yet.

    `collecting` is what its money is asked with while it is open.
    """

    stripe_id: str
    customer: str
    subscription: str | None
    number: str | None
    status: str
    billing_reason: str | None
    currency: str
    subtotal: int
    discount: int
    total: int
    amount_due: int
    amount_paid: int
    amount_remaining: int
    starting_balance: int
    ending_balance: int
    issued_at: datetime
    due_at: datetime | None
    paid_at: datetime | None
    voided_at: datetime | None
    period_start: datetime
    period_end: datetime
    attempt_count: int
    next_payment_attempt_at: datetime | None
    hosted_invoice_url: str | None
    buyer: BuyerRecord
    taxes: tuple[TaxRecord, ...]
    payments: tuple[PaymentRecord, ...]
    lines: tuple[LineRecord, ...]
    collecting: IntentRecord | None = None

    @property
    def needs_confirmation(self) -> bool:
        """The bank of the card waits for its owner."""
        return self.collecting is not None and self.collecting.asks_owner


def retrieve(stripe_id: str) -> InvoiceRecord:
    """The invoice with every line (Stripe sends only the first few inline) and its payments. Raises GatewayNotFound."""
    release()
    with translated():
        invoice = client().v1.invoices.retrieve(stripe_id, {"expand": EXPAND})
        return _record(invoice, _all_lines(invoice))


def page(after: str | None, since: datetime | None) -> Page[InvoiceRecord]:
    """Invoices without their lines, and their payments without cards: Stripe's lists do not reach that deep."""
    return listing.fetch(
        client().v1.invoices.list,
        lambda found: _record(found, []),
        after=after,
        since=since,
        expand=["data.payments"],
    )


def void(key: str, stripe_id: str) -> bool:
    """Nobody owes it any more. False when Stripe refuses, because it is paid or a payment is under way."""
    params: InvoiceVoidInvoiceParams = {}
    try:
        intents.perform(key, params, lambda p, options: client().v1.invoices.void_invoice(stripe_id, p, options))
    except GatewayRefused:
        with translated():
            return client().v1.invoices.retrieve(stripe_id).status == "void"
    return True


def _all_lines(invoice: stripe.Invoice) -> list[stripe.InvoiceLineItem]:
    if not invoice.lines.has_more:
        return list(invoice.lines.data)
    page = client().v1.invoices.line_items.list(invoice.id, {"limit": LINES_PER_CALL})
    return list(page.auto_paging_iter())


def _record(invoice: stripe.Invoice, all_lines: list[stripe.InvoiceLineItem]) -> InvoiceRecord:
    transitions = invoice.status_transitions
    issued = invoice.effective_at or transitions.finalized_at or invoice.created
    return InvoiceRecord(
        stripe_id=invoice.id,
        customer=id_of(invoice.customer) or "",
        subscription=_subscription(invoice),
        number=invoice.number,
        status=invoice.status or "draft",
        billing_reason=invoice.billing_reason,
        currency=invoice.currency,
        subtotal=invoice.subtotal,
        discount=sum(item.amount for item in invoice.total_discount_amounts or []),
        total=invoice.total,
        amount_due=invoice.amount_due,
        amount_paid=invoice.amount_paid,
        amount_remaining=invoice.amount_remaining,
        starting_balance=invoice.starting_balance,
        ending_balance=invoice.ending_balance or 0,
        issued_at=instant(issued),
        due_at=instant(invoice.due_date),
        paid_at=instant(transitions.paid_at),
        voided_at=instant(transitions.voided_at),
        period_start=instant(invoice.period_start),
        period_end=instant(invoice.period_end),
        attempt_count=invoice.attempt_count,
        next_payment_attempt_at=instant(invoice.next_payment_attempt),
        hosted_invoice_url=invoice.hosted_invoice_url,
        buyer=_buyer(invoice),
        taxes=tuple(_tax(tax) for tax in invoice.total_taxes or []),
        payments=tuple(_payments(invoice)),
        lines=lines.records(invoice, all_lines),
        collecting=next(_open_intents(invoice), None),
    )


def _subscription(invoice: stripe.Invoice) -> str | None:
    details = invoice.parent.subscription_details if invoice.parent else None
    return id_of(details.subscription) if details else None


def _buyer(invoice: stripe.Invoice) -> BuyerRecord:
    address = invoice.customer_address.to_dict() if invoice.customer_address else {}
    return BuyerRecord(
        name=invoice.customer_name or "",
        email=invoice.customer_email or "",
        address={part: str(text) for part, text in address.items() if text},
        tax_ids=tuple((tax_id.type, tax_id.value or "") for tax_id in invoice.customer_tax_ids or []),
        tax_exempt=invoice.customer_tax_exempt or "none",
        fields=tuple((field.name, field.value) for field in invoice.custom_fields or []),
    )


def _tax(tax: Any) -> TaxRecord:
    details = tax.tax_rate_details
    return TaxRecord(tax.amount, tax.tax_behavior == "inclusive", tax.taxability_reason, details and details.tax_rate)


def _payments(invoice: stripe.Invoice) -> Iterator[PaymentRecord]:
    for payment in invoice.payments.data if invoice.payments else []:
        paid_at = instant(payment.status_transitions.paid_at)
        if payment.status != "paid" or paid_at is None:
            continue
        intent: Any = getattr(payment.payment, "payment_intent", None)
        yield PaymentRecord(
            payment.id, payment.amount_paid or 0, paid_at, id_of(getattr(intent, "payment_method", None))
        )


def _open_intents(invoice: stripe.Invoice) -> Iterator[IntentRecord]:
    """None in a list, which has only their ids."""
    for payment in invoice.payments.data if invoice.payments else []:
        intent: Any = getattr(payment.payment, "payment_intent", None)
        if payment.status == "open" and isinstance(intent, stripe.PaymentIntent):
            yield payment_intents.of_payment(intent)
