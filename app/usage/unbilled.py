"""Use beyond a plan that nobody bills: written down where a sale finds no subscription to bill it with, for staff.

It stays until it is sold after all, or a person settles it: billed by hand, or let go.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Numeric, Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.audit import service as audit
from app.catalog.models import OveragePrice, Plan, Price
from app.core import clock, ids
from app.core.extensions import Model, db
from app.core.money import Money
from app.organizations.models import Organization
from app.subscriptions.models import Subscription

from .models import Total


class Reason(StrEnum):
    ENDED = "ended"  # there is no subscription any more
    NOT_SOLD = "not_sold"  # there is one, and its plan sells no more of the meter, or not yet


class Unbilled(Model):
    """What is beyond in one window and not sold. `plan_id` and `unit_amount`, in minor units of `currency`, are what it would
    have been sold by, None where nobody knows. With another quantity it gets another `public_id`. `found_at` is machine time.
    """

    __tablename__ = "usage_unbilled"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("unb"))
    total_id: Mapped[int] = mapped_column(ForeignKey(Total.id), unique=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey(Plan.id))
    quantity: Mapped[Decimal] = mapped_column(Numeric())
    unit_amount: Mapped[Decimal | None] = mapped_column(Numeric(24, 12))
    currency: Mapped[str | None]
    reason: Mapped[str]
    found_at: Mapped[datetime]

    @property
    def amount(self) -> Money | None:
        """What it would cost before tax, rounded as Stripe rounds a line."""
        if self.unit_amount is None or self.currency is None:
            return None
        return Money(int((self.quantity * self.unit_amount).quantize(Decimal(1), ROUND_HALF_UP)), self.currency)


def note(total: Total, subscription: Subscription | None) -> None:
    """Write down what of a total is not sold; `subscription` is the latest there was. The total is locked."""
    price = db.session.scalar(_would_be(total, subscription))
    is_running = subscription is not None and subscription.is_running
    facts = {
        "public_id": ids.new("unb"),
        "plan_id": price.plan_id if price else None,
        "quantity": total.unsold,
        "unit_amount": price.unit_amount if price else None,
        "currency": price.currency if price else None,
        "reason": Reason.NOT_SOLD if is_running else Reason.ENDED,
        "found_at": clock.wall(),
    }
    new = insert(Unbilled).values(total_id=total.id, **facts)
    db.session.execute(new.on_conflict_do_update(index_elements=["total_id"], set_=facts))


def forget(total: Total) -> None:
    """It is sold after all."""
    db.session.execute(delete(Unbilled).where(Unbilled.total_id == total.id))


def settle(public_ids: Collection[str], reason: str) -> int:
    """Count it as sold, for a `reason` that names no person; answers how many. It is not billed any more.

    What became more meanwhile is left: it has another id by then.
    """
    chosen = select(Unbilled.total_id).where(Unbilled.public_id.in_(public_ids))
    totals = select(Total).where(Total.id.in_(chosen)).order_by(Total.id).with_for_update()
    by_id = {total.id: total for total in db.session.scalars(totals.execution_options(populate_existing=True))}
    gone = delete(Unbilled).where(Unbilled.public_id.in_(public_ids), Unbilled.total_id.in_(by_id))
    found = db.session.execute(gone.returning(Unbilled.total_id, Unbilled.public_id, Unbilled.quantity)).all()
    for total_id, public_id, quantity in found:
        total = by_id[total_id]
        total.sold += quantity
        data = {"meter": total.meter_key, "quantity": f"{quantity.normalize():f}", "reason": reason}
        audit.write("usage.settled", public_id, organization_id=total.organization_id, data=data)
    db.session.flush()
    return len(found)


def of(organization: Organization) -> Select[Unbilled]:
    mine = select(Total.id).where(Total.organization_id == organization.id)
    return select(Unbilled).where(Unbilled.total_id.in_(mine))


def _would_be(total: Total, subscription: Subscription | None) -> Select[OveragePrice]:
    """The price that billed the window before, or else that of the plan there was; one for sale before an archived one."""
    if total.price is not None:
        return select(OveragePrice).where(OveragePrice.stripe_price_id == total.price)
    same = (Price.plan_id == OveragePrice.plan_id) & (Price.currency == OveragePrice.currency)
    paid = Price.id == (subscription.price_id if subscription else None)
    found = select(OveragePrice).join(Price, same).where(paid, OveragePrice.meter_key == total.meter_key)
    return found.order_by(OveragePrice.archived_at.desc().nulls_first(), OveragePrice.id.desc()).limit(1)
