"""What is charged after a change, in the course of time: from its first renewal to where its discounts have ended."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from app.core import i18n
from app.gateway.previews import PreviewRecord
from app.promotions import service as promotions
from app.promotions import words

from .sheet import Way
from .wish import Wish


def said(wish: Wish, recurring: PreviewRecord, at: datetime) -> str:
    """The sentence for a first renewal that is `recurring` and comes `at`."""
    amount, date = i18n.money(recurring.money(recurring.total)), i18n.day(at)
    ending = [one for one in wish.subscription.discounts if _ends(one) and one["id"] in recurring.discounts]
    if not ending:
        return _always(wish, amount, date)
    periods = {_periods(one, wish, at) for one in ending}
    if len(ending) < len(recurring.discounts) or recurring.tax or len(periods) > 1:
        return _until(wish, amount, date, ending)  # Stripe was not asked what is left of it then
    (count,), full = periods, recurring.money(recurring.subtotal)
    if count == 1:
        return _always(wish, amount, date, after=i18n.money(full))
    course = words.course(count, str(wish.price.interval), recurring.money(recurring.total), full)
    if wish.way is Way.LATER:
        return str(_("First charge on %(date)s: %(course)s", date=date, course=course))
    return str(_("Next renewal on %(date)s: %(course)s", date=date, course=course))


def _ends(discount: dict[str, Any]) -> bool:
    return discount["duration"] == "once" or discount["ends_at"] is not None


def _periods(discount: dict[str, Any], wish: Wish, at: datetime) -> int:
    """How many renewals it makes smaller."""
    if discount["duration"] == "once":
        return 1
    return promotions.payments_before(datetime.fromisoformat(discount["ends_at"]), wish.price.interval, at)


def _always(wish: Wish, amount: str, date: str, after: str = "") -> str:
    """The same each time, or another amount `after` the first."""
    every = {"month": _("every month"), "year": _("every year")}[wish.price.interval]
    if after:
        every = _("%(amount)s %(every)s", amount=after, every=every)
    if wish.way is Way.LATER:
        return str(_("First charge: %(amount)s on %(date)s, then %(every)s.", amount=amount, date=date, every=every))
    return str(_("Next renewal: %(amount)s on %(date)s, then %(every)s.", amount=amount, date=date, every=every))


def _until(wish: Wish, amount: str, date: str, ending: list[dict[str, Any]]) -> str:
    names = ", ".join(one["code"] or one["name"] for one in ending)
    said = {"amount": amount, "date": date, "names": names}
    if wish.way is Way.LATER:
        return str(_("First charge: %(amount)s on %(date)s, later more, as %(names)s ends.", **said))
    return str(_("Next renewal: %(amount)s on %(date)s, later more, as %(names)s ends.", **said))
