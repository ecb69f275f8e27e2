"""What a change of plan does, on one sheet: every amount is Stripe's own preview of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.catalog.tree import Plan, Price
from app.core.money import Money
from app.gateway.previews import PreviewRecord
from app.subscriptions.explanations import why
from app.subscriptions.explanations.lines import Line
from app.subscriptions.models import Subscription

from .fit import Fit


class Way(StrEnum):
    """How a change comes about."""

    NOW = "now"  # prorated, and held until it is paid
    LATER = "later"  # when the running period ends
    TRIAL = "trial"  # at once and for nothing, because nothing is paid yet


@dataclass(frozen=True)
class Shown:
    """What the customer read before they agreed; `due` and `renewal` in minor units.

    `at` is the instant that was prorated by, or that of the change when it comes later. `renewal` is None for a plan that
    will end. The change is made only if all of it still holds.
    """

    way: Way
    at: datetime
    due: int
    renewal: int | None


@dataclass(frozen=True)
class Note:
    """What becomes of something that is under way, or was given: a cancellation, a discount, a pause, another change."""

    name: str
    text: str

    @property
    def pair(self) -> tuple[str, str]:
        return self.name, self.text


@dataclass(frozen=True)
class Sheet:
    """A change as it would be: `invoice` is what it makes at once, of `lines`; `recurring` its renewal where it goes on.

    `at` is the instant to prorate by, the end of the running period for what comes later, the end of a trial.
    """

    subscription: Subscription
    price: Price
    plan: Plan
    quantity: int
    way: Way
    at: datetime
    renews_at: datetime
    invoice: PreviewRecord | None
    recurring: PreviewRecord | None
    lines: tuple[Line, ...]
    renewal_lines: tuple[Line, ...]
    fit: Fit
    notes: tuple[Note, ...]
    renewals: str
    """What is charged from the first renewal on, in a sentence; "" for a plan that ends."""

    @property
    def shown(self) -> Shown:
        renewal = self.recurring.total if self.recurring else None
        return Shown(self.way, self.at, self.due.amount, renewal)

    @property
    def is_now(self) -> bool:
        return self.way is Way.NOW

    @property
    def is_later(self) -> bool:
        return self.way is Way.LATER

    @property
    def is_other_interval(self) -> bool:
        return self.price.interval != self.subscription.price.interval

    @property
    def amount(self) -> Money:
        """The new price for one period, before tax and discounts."""
        return self.price.amount * self.quantity

    def money(self, amount: int) -> Money:
        return Money(amount, self.price.amount.currency)

    @property
    def due(self) -> Money:
        """What is charged today."""
        return self.money(self.invoice.amount_due if self.invoice else 0)

    @property
    def credits(self) -> list[Line]:
        """What is given back for time that was paid for and will not be used."""
        return [line for line in self.lines if line.amount < 0]

    @property
    def charges(self) -> list[Line]:
        return [line for line in self.lines if line.amount >= 0]

    @property
    def discounts(self) -> list[tuple[str, Money]]:
        """What each takes off today, by its name."""
        return why.discounts(self.lines)

    @property
    def tax(self) -> Money:
        return self.money(self.invoice.tax if self.invoice else 0)

    @property
    def tax_is_included(self) -> bool:
        """In the prices, so that it does not come on top."""
        return self.invoice is not None and self.invoice.subtotal - self.invoice.discount == self.invoice.total

    @property
    def from_balance(self) -> Money:
        """What the customer's credit pays of it; below zero, what is not charged today but kept for them or for later."""
        return self.money(self.invoice.total - self.invoice.amount_due if self.invoice else 0)

    @property
    def balance(self) -> Money:
        """The customer's balance afterwards: below zero they have a credit."""
        return self.money(self.invoice.balance if self.invoice else 0)

    @property
    def renewal(self) -> Money | None:
        """The first ordinary renewal afterwards, before any credit of the customer is used; None for a plan that ends."""
        return self.money(self.recurring.total) if self.recurring else None
