"""What a discount takes off and for how long, in the words and figures of the reader."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.core import i18n
from app.core.money import Money
from app.gateway.promotions import PromotionRecord


@dataclass(frozen=True)
class Standing:
    """A discount that a subscription has: `off` and `lasting` read on from each other, `code` is what was typed for it."""

    stripe_id: str
    name: str
    code: str | None
    off: str
    lasting: str


def standing(discount: dict[str, Any]) -> Standing:
    """A discount as the mirror keeps it, in plain values."""
    percent, ends_at = discount["percent_off"], discount["ends_at"]
    amount = None if percent else Money(discount["amount_off"], discount["currency"])
    return Standing(
        stripe_id=discount["id"],
        name=discount["name"],
        code=discount["code"],
        off=take_off(Decimal(percent) if percent else None, amount),
        lasting=_until(discount["duration"], datetime.fromisoformat(ends_at) if ends_at else None),
    )


def _until(duration: str, ends_at: datetime | None) -> str:
    if ends_at is not None:
        return str(_("until %(date)s", date=i18n.day(ends_at)))
    return str(_("the next payment")) if duration == "once" else lasting(duration, None)


def of_code(promotion: PromotionRecord, currency: str) -> str:
    """20% off for 3 months."""
    coupon = promotion.coupon
    return f"{take_off(coupon.percent_off, coupon.amount_off(currency))} {lasting(coupon.duration, coupon.months)}"


def take_off(percent: Decimal | None, amount: Money | None) -> str:
    """20% off, or $10.00 off."""
    if percent is not None:
        return str(_("%(share)s off", share=i18n.percent(percent)))
    return str(_("%(amount)s off", amount=i18n.money(amount))) if amount else ""


def lasting(duration: str, months: int | None) -> str:
    """Stripe's duration: once, for so many months, or for as long as you stay."""
    if duration == "repeating":
        return str(ngettext("for %(num)s month", "for %(num)s months", months or 1))
    return str(_("once")) if duration == "once" else str(_("for as long as you stay"))


def course(periods: int, interval: str, reduced: Money, full: Money) -> str:
    """What is paid in the course of time: $79.20 for 3 months, then $99.00 a month."""
    amounts = {"reduced": i18n.money(reduced), "full": i18n.money(full)}
    if interval == "month":
        return str(
            ngettext(
                "%(reduced)s for the first month, then %(full)s a month.",
                "%(reduced)s a month for %(num)s months, then %(full)s.",
                periods,
                **amounts,
            )
        )
    return str(
        ngettext(
            "%(reduced)s for the first year, then %(full)s a year.",
            "%(reduced)s a year for %(num)s years, then %(full)s.",
            periods,
            **amounts,
        )
    )
