"""What becomes of everything else when the plan changes, a sentence each."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_percent
from flask_babel import gettext as _

from app.core import i18n
from app.core.money import Money
from app.gateway.previews import PreviewRecord
from app.subscriptions.models import Subscription

from .sheet import Note, Way
from .wish import Wish


def of(wish: Wish, invoice: PreviewRecord | None) -> Iterator[Note]:
    """A cancellation, another change, a pause and each discount of the subscription, as far as there are any."""
    subscription = wish.subscription
    if subscription.is_canceling and subscription.cancel_at:
        yield Note(_("Your cancellation"), _cancellation(wish, subscription.cancel_at))
    if subscription.scheduled_price and subscription.scheduled_at:
        text = _(
            "The change to %(plan)s on %(date)s is dropped; this one takes its place.",
            plan=subscription.scheduled_price.plan.name,
            date=i18n.day(subscription.scheduled_at),
        )
        yield Note(_("Your scheduled change"), text)
    if subscription.is_pausing and subscription.pauses_at:
        yield Note(_("Your planned pause"), _pause(wish, subscription.pauses_at))
    for discount in subscription.discounts:
        yield Note(_("Your discount"), _discount(subscription, discount, invoice))


def _cancellation(wish: Wish, ends_at: datetime) -> str:
    return str(
        _(
            "It stays: %(plan)s ends on %(date)s and does not renew.",
            plan=wish.plan.name,
            date=i18n.day(ends_at),
        )
    )


def _pause(wish: Wish, pauses_at: datetime) -> str:
    if wish.way is Way.LATER or wish.restarts:
        return str(_("It is dropped, because the period it would have followed changes. You can plan it again."))
    stays = str(_("It stays: %(plan)s pauses on %(date)s.", plan=wish.plan.name, date=i18n.day(pauses_at)))
    return stays + " " + str(_("Unpaid by then, this change is given up, and %(plan)s pauses.", plan=wish.old.name))


def _discount(subscription: Subscription, discount: dict[str, Any], invoice: PreviewRecord | None) -> str:
    name = f"{discount['name']}, {_off(discount)}"
    if invoice is not None and discount["id"] not in invoice.discounts:
        return str(_("%(name)s: it takes nothing off this change.", name=name))
    if discount["duration"] == "once" and invoice is not None:
        return str(_("%(name)s: it is used up by this change.", name=name))
    if discount["duration"] == "once":
        return str(_("%(name)s: it stays for your next invoice.", name=name))
    if discount["ends_at"]:
        day = i18n.day(datetime.fromisoformat(discount["ends_at"]))
        return str(_("%(name)s: it stays until %(date)s.", name=name, date=day))
    return str(_("%(name)s: it stays.", name=name))


def _off(discount: dict[str, Any]) -> str:
    if discount["percent_off"] is not None:
        share = Decimal(discount["percent_off"]) / 100
        return str(_("%(percent)s off", percent=format_percent(share, "#,##0.##%", locale=i18n.locale())))
    return str(_("%(amount)s off", amount=i18n.money(Money(discount["amount_off"], discount["currency"]))))
