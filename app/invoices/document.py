"""An invoice as plain data: what the page and the PDF are drawn from, without another look into the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from app.core.config import Settings
from app.core.money import Money
from app.organizations.models import Organization
from app.subscriptions.explanations import why
from app.subscriptions.explanations.lines import Line

from .models import Invoice, InvoiceLine

MOST_LINES = 1000
"""Of a PDF; more would hold a worker for too long (5 to 10 ms each), so the rest is summed up in one line."""

LONGEST_DESCRIPTION = 500

# Where paper is US Letter (Unicode CLDR, supplemental/measurementData, paperSize).
LETTER = frozenset(["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"])


@dataclass(frozen=True)
class DocumentLine:
    """`unit_amount` in minor units with up to 12 decimals; `facts` explain the amount.

    A proration has neither quantity nor unit price: they do not multiply out to its amount.
    """

    description: str
    amount: Money
    quantity: Decimal | None
    unit_amount: Decimal | None
    period_start: datetime
    period_end: datetime
    is_proration: bool
    facts: Line

    @classmethod
    def of(cls, line: InvoiceLine) -> Self:
        return cls(
            description=_short(line.description),
            amount=line.total,
            quantity=None if line.is_proration else line.quantity,
            unit_amount=None if line.is_proration else line.unit_amount,
            period_start=line.period_start,
            period_end=line.period_end,
            is_proration=line.is_proration,
            facts=line.facts,
        )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else text[: LONGEST_DESCRIPTION - 1] + "…"


@dataclass(frozen=True)
class DocumentTax:
    amount: Money
    is_inclusive: bool


@dataclass(frozen=True)
class DocumentPayment:
    amount: Money
    paid_at: datetime
    brand: str
    last4: str


@dataclass(frozen=True)
class Party:
    """Seller or buyer; `address` has Stripe's parts for a buyer, free lines for the seller."""

    name: str
    address: dict[str, str]
    address_lines: tuple[str, ...]
    tax_ids: tuple[str, ...]
    email: str


@dataclass(frozen=True)
class InvoiceDocument:
    """Amounts as Stripe computed them. `unlisted` counts lines beyond the limit, `unlisted_amount` is their sum.

    `fields` are names and values printed as they are, such as a purchase order.
    """

    number: str
    status: str
    issued_at: datetime
    due_at: datetime | None
    paid_at: datetime | None
    voided_at: datetime | None
    seller: Party
    buyer: Party
    fields: tuple[tuple[str, str], ...]
    lines: tuple[DocumentLine, ...]
    unlisted: int
    unlisted_amount: Money
    subtotal: Money
    discount: Money
    taxes: tuple[DocumentTax, ...]
    total: Money
    balance: Money
    due: Money
    paid: Money
    remaining: Money
    payments: tuple[DocumentPayment, ...]
    is_reverse_charge: bool
    paper: str
    locale: str
    timezone: str

    @classmethod
    def of(
        cls,
        invoice: Invoice,
        lines: Sequence[InvoiceLine],
        organization: Organization,
        settings: Settings,
        limit: int = MOST_LINES,
    ) -> Self:
        listed, unlisted = lines[:limit], lines[limit:]
        return cls(
            number=invoice.number,
            status=invoice.display_status,
            issued_at=invoice.issued_at,
            due_at=invoice.due_at,
            paid_at=invoice.paid_at,
            voided_at=invoice.voided_at,
            seller=_seller(settings),
            buyer=_buyer(invoice.buyer, organization),
            fields=tuple((name, value) for name, value in invoice.buyer.get("fields", [])),
            lines=tuple(DocumentLine.of(line) for line in listed),
            unlisted=len(unlisted),
            unlisted_amount=invoice.money(sum(line.amount for line in unlisted)),
            subtotal=invoice.money(invoice.subtotal_amount),
            discount=invoice.money(invoice.discount_amount),
            taxes=tuple(DocumentTax(invoice.money(tax["amount"]), tax["is_inclusive"]) for tax in invoice.taxes),
            total=invoice.total,
            balance=invoice.money(invoice.balance_amount),
            due=invoice.money(invoice.due_amount),
            paid=invoice.paid,
            remaining=invoice.remaining,
            payments=tuple(_payment(invoice, payment) for payment in invoice.payments),
            is_reverse_charge=_is_reverse_charge(invoice),
            paper="letter" if _country(invoice, organization) in LETTER else "a4",
            locale=organization.locale,
            timezone=organization.timezone,
        )

    @property
    def discounts(self) -> list[tuple[str, Money]]:
        """The discount by its names; as one without a name where the lines at hand do not tell all of it."""
        named = why.discounts(line.facts for line in self.lines)
        if sum(amount.amount for _, amount in named) != self.discount.amount:
            return [("", self.discount)]
        return named


def _seller(settings: Settings) -> Party:
    lines = tuple(line.strip() for line in settings.seller_address.replace("\\n", "\n").splitlines() if line.strip())
    tax_ids = (settings.seller_tax_id,) if settings.seller_tax_id else ()
    return Party(settings.seller_name, {}, lines, tax_ids, settings.support_email)


def _buyer(buyer: dict[str, Any], organization: Organization) -> Party:
    return Party(buyer["name"] or organization.name, buyer["address"], (), tuple(buyer["tax_ids"]), buyer["email"])


def _payment(invoice: Invoice, payment: dict[str, Any]) -> DocumentPayment:
    paid_at = datetime.fromisoformat(payment["paid_at"])
    return DocumentPayment(invoice.money(payment["amount"]), paid_at, payment["brand"], payment["last4"])


def _is_reverse_charge(invoice: Invoice) -> bool:
    reasons = {tax["reason"] for tax in invoice.taxes}
    return invoice.buyer["tax_exempt"] == "reverse" or "reverse_charge" in reasons


def _country(invoice: Invoice, organization: Organization) -> str | None:
    return invoice.buyer["address"].get("country") or organization.country
