"""Coming back after the end: the plan, the seats and the card as they were, at today's price, in one press."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.audit import service as audit
from app.catalog import service as catalog
from app.catalog.models import Price
from app.core import leases
from app.core.errors import AmountChanged, PortalError
from app.core.extensions import db
from app.core.money import Money
from app.gateway import customers, intents, payment_intents, payment_methods, previews
from app.gateway import subscriptions as gateway
from app.gateway.errors import PaymentDeclined
from app.gateway.payment_methods import PaymentMethodRecord
from app.gateway.previews import PreviewRecord
from app.gateway.subscription_records import SubscriptionRecord
from app.gateway.subscriptions import StartedSubscription
from app.organizations.models import Organization
from app.subscriptions import seats, service
from app.subscriptions.models import Subscription
from app.subscriptions.states import LIVE, Status

from . import checkout
from .offers import AlreadySubscribed, Order


class NothingEnded(PortalError):
    """There is nothing to come back to."""

    status = 404
    code = "nothing_ended"

    def __init__(self) -> None:
        super().__init__(_("No plan of your organization has ended. Choose one from the list."))


class NoLongerSold(PortalError):
    status = 409
    code = "price_not_for_sale"

    def __init__(self) -> None:
        super().__init__(_("This plan is no longer for sale. Nothing was charged; choose another one from the list."))


class NoCard(PortalError):
    status = 409
    code = "no_saved_card"

    def __init__(self) -> None:
        super().__init__(_("The card you paid with is no longer saved. Nothing was charged; enter one at checkout."))


@dataclass(frozen=True)
class Return:
    """`price` with its plan is what is sold today in place of the `former` one, None when nothing is."""

    former: Subscription
    price: Price | None
    quantity: int
    preview: PreviewRecord | None
    card: PaymentMethodRecord | None

    @property
    def due(self) -> Money | None:
        return self.preview.money(self.preview.amount_due) if self.preview else None

    @property
    def renewal(self) -> tuple[Money, datetime] | None:
        """What it costs next, and when."""
        if self.preview is None:
            return None
        return self.preview.money(self.preview.total), max(line.period_end for line in self.preview.lines)

    @property
    def former_unit(self) -> Money:
        """What a seat, or the plan, used to cost per period."""
        return Money(self.former.price.unit_amount, self.former.price.currency)

    @property
    def unit(self) -> Money:
        """What it costs today."""
        return Money(self.price.unit_amount, self.price.currency) if self.price else self.former_unit


@dataclass(frozen=True)
class Outcome:
    """`waits_for` is the invoice whose payment the bank still wants to hear about; None when all is paid."""

    subscription: Subscription
    waits_for: str | None


def of(organization: Organization) -> Return:
    """What coming back means today; creates nothing. Raises AlreadySubscribed, NothingEnded."""
    current = service.latest(organization)
    if current is not None and current.is_running:
        raise AlreadySubscribed()
    ended = Subscription.of(organization).where(Subscription.ended_at.is_not(None), Subscription.began_at.is_not(None))
    former = db.session.scalars(ended.limit(1)).first()
    if former is None:
        raise NothingEnded()
    price = _price_today(former.price)
    if price is None:
        return Return(former, None, former.quantity, None, None)
    plan = catalog.current().plan(price.plan.key)
    quantity = seats.usual(former, plan) if plan else former.quantity
    customer = str(organization.stripe_customer_id)
    preview = previews.new_subscription(price.stripe_price_id, customer=customer, quantity=quantity)
    return Return(former, price, quantity, preview, _card(customer, former))


def again(organization: Organization, *, shown: int, token: str) -> Outcome:
    """Subscribe again and charge the saved card, for the amount `shown` (minor units), once per one-use `token`.

    Raises PaymentDeclined and leaves nothing behind; AmountChanged, NoCard, NoLongerSold, AlreadySubscribed.
    """
    lease = service.lease(organization)
    key = f"subscription-start:{organization.public_id}:{token}"
    with leases.hold(lease, checkout.LEASE_SECONDS) as owner:
        if made := intents.outcome(key):
            return as_it_stands(organization, made)
        wanted, price, card = _checked(organization, shown)
        customer = str(organization.stripe_customer_id)
        found = checkout.clear_the_way(organization, customer, token)
        if found.running:
            checkout.absorb_all(organization, [*found.over, found.running])
            raise AlreadySubscribed()
        leases.assert_held(lease, owner)
        started = gateway.start_with_card(
            key,
            customer=customer,
            price=price.stripe_price_id,
            quantity=wanted.quantity,
            payment_method=card.stripe_id,
            metadata=checkout.labels_of(organization, Order(price, wanted.quantity)),
        )
        unpaid = waits_for(started, token)
        return Outcome(_remember(organization, wanted, [*found.over, started.record]), unpaid)


def as_it_stands(organization: Organization, stripe_id: str) -> Outcome:
    """What the first press of the same button brought about. Raises IntentSpent when that is over."""
    record = gateway.retrieve(stripe_id)
    if record.status not in LIVE:
        raise intents.IntentSpent()
    unpaid = record.latest_invoice if record.status == Status.INCOMPLETE else None
    return Outcome(service.absorb(organization, record), unpaid)


def _checked(organization: Organization, shown: int) -> tuple[Return, Price, PaymentMethodRecord]:
    wanted = of(organization)
    if wanted.price is None or wanted.due is None:
        raise NoLongerSold()
    if wanted.card is None:
        raise NoCard()
    if wanted.due.amount != shown:
        raise AmountChanged()
    return wanted, wanted.price, wanted.card


def _price_today(former: Price) -> Price | None:
    """The price itself while it is sold, else what the plan costs today in the same interval and currency."""
    if former.is_for_sale:
        return former
    same = (Price.plan_id == former.plan_id, Price.interval == former.interval, Price.currency == former.currency)
    found = select(Price).where(*same, Price.archived_at.is_(None)).options(joinedload(Price.plan))
    price = db.session.scalars(found.limit(1)).first()
    return price if price is not None and price.is_for_sale else None


def _card(customer: str, former: Subscription) -> PaymentMethodRecord | None:
    """The card that paid last, if it is still theirs."""
    wanted = former.default_payment_method or customers.retrieve(customer).default_payment_method
    return next((card for card in payment_methods.of_customer(customer) if card.stripe_id == wanted), None)


def waits_for(started: StartedSubscription, token: str) -> str | None:
    """The invoice to confirm with the bank. Raises PaymentDeclined after giving the start up."""
    if started.record.status != Status.INCOMPLETE or not started.client_secret:
        return None
    intent = payment_intents.retrieve(started.client_secret.split("_secret_")[0])
    if intent.status == "requires_action":
        return started.record.latest_invoice
    if gateway.abandon(started.record, token).status == Status.INCOMPLETE:
        raise checkout.PaymentUnderway()
    raise PaymentDeclined(intent.error or _("Your card was declined."))


def _remember(organization: Organization, wanted: Return, records: list[SubscriptionRecord]) -> Subscription:
    checkout.absorb_all(organization, records)
    subscription = service.latest(organization)
    assert subscription is not None, "one was just absorbed"
    data = {"former": wanted.former.public_id}
    audit.write("subscription.subscribed_again", subscription.public_id, organization_id=organization.id, data=data)
    return subscription
