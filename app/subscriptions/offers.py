"""What a plan would cost this organization, in Stripe's own arithmetic; creates nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import exists, select

from app.catalog.models import Price
from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.money import Money
from app.gateway import previews
from app.gateway.previews import PreviewRecord
from app.organizations.models import Organization

from . import service
from .models import Subscription


class AlreadySubscribed(PortalError):
    status = 409
    code = "already_subscribed"

    def __init__(self) -> None:
        super().__init__(_("Your organization already has a plan. Nothing was charged."))


@dataclass(frozen=True)
class Offer:
    """What the checkout page shows: `preview` is Stripe's own arithmetic, `trial_days` is 0 without a trial."""

    price: Price
    preview: PreviewRecord
    trial_days: int

    def _money(self, amount: int) -> Money:
        return Money(amount, self.preview.currency)

    @property
    def nothing(self) -> Money:
        return self._money(0)

    @property
    def subtotal(self) -> Money:
        return self._money(self.preview.subtotal)

    @property
    def discount(self) -> Money:
        return self._money(self.preview.discount)

    @property
    def tax(self) -> Money:
        return self._money(self.preview.tax)

    @property
    def due(self) -> Money:
        """What the first charge takes: today, or when the trial ends."""
        return self._money(self.preview.amount_due)

    @property
    def next_charge_at(self) -> datetime:
        """When money moves after today: the end of the trial, else the end of the first period."""
        if self.trial_days:
            return clock.now() + timedelta(days=self.trial_days)
        return max(line.period_end for line in self.preview.lines)


def of(organization: Organization, price: Price) -> Offer:
    """The amounts of this plan for this organization; creates nothing. Raises AlreadySubscribed."""
    current = service.latest(organization)
    if current is not None and current.is_running:
        raise AlreadySubscribed()
    preview = previews.new_subscription(price.stripe_price_id, customer=organization.stripe_customer_id)
    return Offer(price, preview, trial_days(organization, price))


def trial_days(organization: Organization, price: Price) -> int:
    """Days before the first charge: the plan's, once per organization."""
    had_one = exists().where(Subscription.organization_id == organization.id, Subscription.began_at.is_not(None))
    return 0 if not price.plan.trial_days or db.session.scalar(select(had_one)) else price.plan.trial_days
