"""What goes beyond the included amount is sold: handed to Stripe's meter, which the next invoice bills.

A sale is written down before Stripe hears of it and repeated under its own id until Stripe surely has it, so that a task
that dies in between loses nothing and sells nothing twice. The metered price comes onto the subscription with the first
sale: invoices of those who stay within their plan have no lines of nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, or_, select, update

from app.audit import service as audit
from app.catalog import service as catalog
from app.catalog.tree import Meter
from app.core import clock, tasks
from app.core.extensions import db
from app.core.logs import log
from app.core.transactions import apart, release
from app.gateway import meters as gateway
from app.gateway.intents import IntentTooOld
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions
from app.subscriptions.models import Subscription

from . import doubts, reading, unbilled
from .ledger import Sums
from .models import Sale, Total
from .reading import Reading
from .windows import Window

EVERY = timedelta(seconds=5)
"""How long the sales of one total are apart: whoever sends usage all the time must not take up all of Stripe's time."""
DRAFT = timedelta(minutes=45)
"""How long after the end of a period its invoice surely is a draft and takes more; Stripe keeps it one for an hour."""
LARGEST = Decimal(10**15 - 1)
"""Stripe takes fifteen digits at once."""


@dataclass(frozen=True)
class _Bill:
    """Where Stripe bills a total."""

    customer: str
    subscription: Subscription
    meter: Meter
    price: str


def ask_for(totals: Iterable[Sums | Total], now: datetime) -> None:
    """Record a sale for each total that has something to sell, in the transaction that counted it.

    The number of sales so far is in its name: while one is under way it stands for all that comes meanwhile.
    """
    for total in totals:
        if total.included is not None and total.used - total.included > total.sold:
            later = total.sold_at + EVERY if total.sold_at is not None and total.sold_at + EVERY > now else None
            tasks.record("sell_usage", f"{total.id}:{total.sales}", {"total": total.id}, run_at=later)


def sell(total_id: int) -> None:
    """Hand what is not sold yet of a total to Stripe. Raises Busy, and whatever Stripe's answers become."""
    total = db.session.get_one(Total, total_id)
    organization = db.session.get_one(Organization, total.organization_id)
    now = clock.now()
    read = reading.read(organization, now, now, [total.meter_key])
    bill = _bill(organization, total, read)
    if bill is None:
        _leave(organization, total_id, read)
        return
    since = _carry(organization, total, bill)
    sale = _begin(organization, total_id, _instant(total, since))
    if sale is not None and not _report(organization, bill, sale):
        db.session.execute(delete(Sale).where(Sale.id == sale.id, Sale.delivered_at.is_(None)))
        sale = None  # what it was for is in the next one
    _end(organization, total_id, bill, sale)


def _report(organization: Organization, bill: _Bill, sale: Sale) -> bool:
    """Hand a sale to Stripe; whether it has it then, which after a day of silence its meter is asked."""
    try:
        gateway.report(
            f"usage-sale:{sale.public_id}",
            meter=bill.meter.key,
            customer=bill.customer,
            value=sale.quantity,
            identifier=sale.public_id,
            at=sale.at,
        )
    except IntentTooOld:
        return doubts.is_counted(organization, bill.meter, sale)
    return True


def _leave(organization: Organization, total_id: int, read: Reading) -> None:
    """For a person: nobody bills it."""
    total = _locked(total_id)
    total.sales += 1  # what is counted next asks again
    if not total.unsold:  # the plan that it changed to has no limit
        unbilled.forget(total)
        return
    log.warning("usage beyond the plan cannot be billed", total=total_id, organization=organization.public_id)
    unbilled.note(total, read.subscription)


def _bill(organization: Organization, total: Total, read: Reading) -> _Bill | None:
    """None where nothing is sold any more: the subscription is over, or its plan has no price for it."""
    meter = catalog.current().meter(total.meter_key)
    overage = read.limit(meter).overage(read.price.amount.currency) if meter and read.price else None
    if read.subscription is None or meter is None or overage is None:
        return None
    return _Bill(str(organization.stripe_customer_id), read.subscription, meter, overage.stripe_price_id)


def _carry(organization: Organization, total: Total, bill: _Bill) -> datetime | None:
    """See that the subscription has the price; answers since when, None where this is known and does not matter."""
    is_of_this = total.begins_at >= bill.subscription.started_at
    if is_of_this and total.price == bill.price and not _is_over(total):
        return None
    with subscriptions.alone(organization):
        has = _item(bill)
        if has is None or has.price != bill.price:
            # By the day, because a name is good for one; what it did before was just looked for.
            key = f"usage-price:{total.id}:{total.sales}:{bill.price}:{clock.wall():%Y-%m-%d}"
            gateway.carry(key, bill.subscription.stripe_id, bill.price, instead_of=has.stripe_id if has else None)
            has = _item(bill)
    return has.since if has else None


def _item(bill: _Bill) -> gateway.MeteredItem | None:
    """What on the subscription bills this meter; of two, which nobody should make, the one with our price."""
    found = [item for item in gateway.carried(bill.subscription.stripe_id) if item.meter == bill.meter.stripe_meter_id]
    return next((item for item in found if item.price == bill.price), found[0] if found else None)


def _is_over(total: Total) -> bool:
    return total.ends_at is not None and total.ends_at <= clock.now()


def _instant(total: Total, since: datetime | None) -> datetime:
    """Within the period whose invoice takes it: its own while that is a draft, or else the running one. Whole seconds."""
    now = clock.now().replace(microsecond=0)
    ends_at = total.ends_at
    if ends_at is not None and since is not None and since < ends_at <= now < ends_at + DRAFT:
        return ends_at - timedelta(seconds=1)
    return now if since is None else max(now, since)


def plan_changed(before: Mapping[str, object], subscription: Subscription) -> None:
    """The running windows go on by the new plan, whether more is counted in them or not."""
    if before.get("price_id", subscription.price_id) == subscription.price_id:
        return
    organization, now = db.session.get_one(Organization, subscription.organization_id), clock.now()
    read = reading.read(organization, now, now)
    mine = (Total.organization_id == organization.id) & (Total.begins_at >= subscription.current_period_start)
    running = select(Total).where(mine, or_(Total.ends_at.is_(None), Total.ends_at > now))
    running = running.order_by(Total.meter_key, Total.begins_at)  # as who counts locks them
    for total in db.session.scalars(running.with_for_update().execution_options(populate_existing=True)):
        total.included = _included(read, total, now)


def _included(read: Reading, total: Total, now: datetime) -> Decimal | None:
    """By the plan as it is now where the window is the running one; how it stood when it ended is kept."""
    meter = catalog.current().meter(total.meter_key)
    if meter is None or read.window(meter, now).begins_at != total.begins_at:
        return total.included
    return read.included(meter, Window(total.begins_at, total.ends_at), now)


def _begin(organization: Organization, total_id: int, at: datetime) -> Sale | None:
    """What is to be reported: a sale whose end nobody knows, or else a new one; None when all is sold.

    The plan is read behind the lock: who counts may have read it before it changed, and written its limit after that.
    """
    undelivered = select(Sale).where(Sale.total_id == total_id, Sale.delivered_at.is_(None))
    release()
    with apart() as session:
        total = session.get_one(Total, total_id, with_for_update=True)
        now = clock.now()
        total.included = _included(reading.read(organization, now, now, [total.meter_key]), total, now)
        sale = session.scalar(undelivered)
        if sale is None and total.unsold:
            sale = Sale(total_id=total_id, quantity=min(total.unsold, LARGEST), at=at)
            session.add(sale)
            session.flush()
        return sale


def _end(organization: Organization, total_id: int, bill: _Bill, sale: Sale | None) -> None:
    """Stripe has it; what was counted meanwhile is the next sale."""
    total, now = _locked(total_id), clock.now()
    if sale is not None and _is_delivered_now(sale):
        subscriptions.look_at_next_charge(bill.subscription, _next_look(total, now))
        if not total.sold:
            data = {"meter": total.meter_key}
            audit.write("usage.overage_began", organization.public_id, organization_id=organization.id, data=data)
        total.sold += sale.quantity
    total.sales, total.sold_at, total.price = total.sales + 1, now, bill.price
    unbilled.forget(total)
    ask_for([total], now)


def _next_look(total: Total, now: datetime) -> datetime:
    """The page that shows the next charge hears of the first sale at once, and of others by the hour."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) if total.sold else now


def _locked(total_id: int) -> Total:
    return db.session.get_one(Total, total_id, with_for_update=True, populate_existing=True)


def _is_delivered_now(sale: Sale) -> bool:
    """By us: another worker may have been at it too."""
    mine = update(Sale).where(Sale.id == sale.id, Sale.delivered_at.is_(None))
    return db.session.scalar(mine.values(delivered_at=clock.now()).returning(Sale.id)) is not None
