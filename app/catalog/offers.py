"""The plans page as data: a card per plan with its price, its words and its one button."""

from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _

from app.core import i18n
from app.core.money import Money

from . import words
from .models import Behaviour, Interval, MeterKind, PlanKind
from .service import Holding
from .tree import Catalog, Plan, Price
from .words import LimitWords


@dataclass(frozen=True)
class Reader:
    """Who looks at the page: `organization` and `may_buy` are false for a visitor, `holding` is what they have.

    `currency` is the one they are billed in since their first purchase, None before it.
    """

    is_member: bool
    may_buy: bool
    holding: Holding | None
    sales_address: str
    currency: str | None = None


@dataclass(frozen=True)
class Deed:
    """The button of a card; without `url` it is disabled and `reason` says why."""

    label: str
    url: str | None
    reason: str = ""
    is_primary: bool = False


@dataclass(frozen=True)
class Card:
    """`price` is None for a plan that is free or sold by people; `fallback` says that it has no price of the interval.

    `trial_days` is 0 for whoever has had a plan before.
    """

    plan: Plan
    price: Price | None
    saving: str
    is_fallback: bool
    is_current: bool
    trial_days: int
    limits: tuple[LimitWords, ...]
    features: tuple[str, ...]
    deed: Deed


@dataclass(frozen=True)
class Offers:
    interval: Interval
    currency: str
    intervals: tuple[Interval, ...]
    currencies: tuple[str, ...]
    saving: str
    cards: tuple[Card, ...]
    rules: tuple[str, ...]
    comparison: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    nothing: Money


def on_offer(catalog: Catalog, reader: Reader, *, interval: str | None, currency: str | None) -> Offers:
    """What is on offer, in the wanted interval and currency where they are sold, else as the reader already pays."""
    held = catalog.price(reader.holding.price_public_id) if reader.holding else None
    # Who has, or had, a subscription keeps its currency: Stripe bills a customer in one.
    kept = held.amount.currency if held else reader.currency
    currencies = (kept,) if kept else catalog.currencies
    chosen = currency if currency in currencies else next(iter(currencies), "usd")
    usual = held.interval if held else Interval.MONTH
    wanted = next((known for known in catalog.intervals if known == interval), usual)
    return Offers(
        interval=wanted,
        currency=chosen,
        intervals=catalog.intervals,
        currencies=currencies,
        saving=words.common_saving(catalog, chosen),
        cards=tuple(_card(plan, catalog, reader, held, wanted, chosen) for plan in catalog.offered),
        rules=tuple(_rules(catalog)),
        comparison=tuple(_comparison(catalog, chosen)),
        nothing=Money(0, chosen),
    )


def _card(plan: Plan, catalog: Catalog, reader: Reader, held: Price | None, interval: Interval, currency: str) -> Card:
    exactly = plan.price(interval, currency)
    price = exactly or next((price for price in plan.prices if price.amount.currency == currency), None)
    current = _current_plan(catalog, reader)
    telling = {feature.key for feature in plan.features if _tells_apart(catalog, feature.key)}
    said = (words.feature_words(feature) for feature in plan.features if feature.key in telling)
    return Card(
        plan=plan,
        price=price,
        saving=words.plan_saving(plan, currency),
        is_fallback=price is not None and exactly is None,
        is_current=plan is current,
        trial_days=plan.trial_days if price and reader.currency is None else 0,
        limits=tuple(words.limit_words(limit, currency) for limit in plan.limits),
        features=tuple(feature for feature in said if feature),
        deed=_deed(plan, price, current, reader, held),
    )


def _current_plan(catalog: Catalog, reader: Reader) -> Plan | None:
    if reader.holding:
        return catalog.plan(reader.holding.plan_key)
    return catalog.free if reader.is_member else None


def _tells_apart(catalog: Catalog, feature: str) -> bool:
    """A feature all plans have alike says nothing on a card; the comparison has it."""
    return len({repr(plan.feature(feature)) for plan in catalog.offered}) > 1


def _deed(plan: Plan, price: Price | None, current: Plan | None, reader: Reader, held: Price | None) -> Deed:
    choose = _("Choose %(plan)s", plan=plan.name)
    if underway := _underway(plan, price, held, reader):
        return underway
    if plan is current and not _has_another_interval(price, held):
        return Deed(_("Current plan"), None, _why_current(plan, price, held, reader.holding))
    if plan.kind is PlanKind.CONTACT:
        return Deed(_("Contact sales"), f"mailto:{reader.sales_address}?subject={quote(plan.name)}")
    if not reader.is_member:
        then = f"?next=/checkout/{price.public_id}" if price else ""
        return Deed(choose, f"/signup{then}", is_primary=price is not None)
    if not reader.may_buy:
        return Deed(choose, None, _("Ask an admin of your organization, or whoever has its billing role."))
    if plan.kind is PlanKind.FREE:
        return Deed(choose, "/subscription/cancel", _why_end(current, reader.holding))
    if price is None:
        return Deed(choose, None, _("This plan is not sold in your currency."))
    if reader.holding and reader.holding.is_owed:
        return Deed(choose, None, _("A payment is overdue. Pay it first, then you can change."))
    if held is not None:
        url = f"/subscription/change/{price.public_id}"
        return Deed(choose, url, _when(plan, price, current, held, reader.holding), is_primary=True)
    return Deed(choose, f"/checkout/{price.public_id}", is_primary=True)


def _why_end(current: Plan | None, holding: Holding | None) -> str:
    name = current.name if current else ""
    if holding and holding.is_owed:
        return str(_("%(plan)s then ends. What is due stays due.", plan=name))
    return str(_("%(plan)s then ends with its paid period.", plan=name))


def _underway(plan: Plan, price: Price | None, held: Price | None, reader: Reader) -> Deed | None:
    """What is decided already and still to come; where the subscription stands it can be taken back."""
    holding = reader.holding
    if holding is None:
        return None
    url = "/subscription" if reader.may_buy else None
    if holding.ends_at and plan.kind is PlanKind.FREE:
        return Deed(_("Begins on %(date)s", date=i18n.day(holding.ends_at)), None)
    if holding.ends_at and price is not None and price == held:
        ends = _("Ends on %(date)s.", date=i18n.day(holding.ends_at))
        return Deed(_("Keep %(plan)s", plan=plan.name) if url else _("Current plan"), url, ends, is_primary=bool(url))
    if price is not None and price.public_id == holding.waiting:
        return Deed(_("Waits for payment"), url)
    if price is not None and price.public_id == holding.scheduled and holding.paid_until:
        return Deed(_("Scheduled for %(date)s", date=i18n.day(holding.paid_until)), url)
    return None


def _has_another_interval(price: Price | None, held: Price | None) -> bool:
    """Whether the card shows the plan they have at an interval that they do not pay for yet."""
    return price is not None and held is not None and price.interval is not held.interval


def _when(plan: Plan, price: Price, current: Plan | None, held: Price, holding: Holding | None) -> str:
    """What a subscriber must know before they choose: what they pay now, and when less would begin."""
    said = [_why_current(plan, price, held, holding)] if plan is current else []
    if holding and holding.paid_until and _comes_later(plan, price, held):
        said.append(str(_("Begins on %(date)s, when what you have paid for ends.", date=i18n.day(holding.paid_until))))
    return " ".join(said)


def _comes_later(plan: Plan, price: Price, held: Price) -> bool:
    """What costs less, by the month where months become years, or goes back to months."""
    if price.interval is held.interval:
        return price.amount.amount < held.amount.amount
    if price.interval is Interval.MONTH:
        return True
    return plan.key != held.plan_key and plan.each_month(price).amount < held.amount.amount


def _why_current(plan: Plan, price: Price | None, held: Price | None, holding: Holding | None) -> str:
    if plan.kind is PlanKind.FREE:
        return str(_("Yours for as long as you like."))
    if holding and holding.trial_ends:
        return str(_("Your trial of it ends on %(date)s.", date=i18n.day(holding.trial_ends)))
    if held is None or held == price:
        return str(_("You have this plan."))
    each = {Interval.MONTH: _("a month"), Interval.YEAR: _("a year")}[held.interval]
    return str(_("You pay %(amount)s %(each)s for it.", amount=i18n.money(held.amount), each=each))


def _rules(catalog: Catalog) -> list[str]:
    """How the limits work, as far as these plans have them."""
    limits = [limit for plan in catalog.offered for limit in plan.limits]
    kinds = {limit.meter.kind for limit in limits}
    behaviours = {limit.behaviour for limit in limits if limit.amount is not None}
    rules = []
    if MeterKind.COUNTER in kinds:
        rules.append(_("Amounts are per month and start afresh with each month you pay for, also when you pay yearly."))
    if MeterKind.GAUGE in kinds:
        gauges = {limit.meter.key: limit.meter.name for limit in limits if limit.meter.kind is MeterKind.GAUGE}
        names = words.capital(", ".join(gauges.values()))
        rules.append(_("%(things)s: what you have at any one time.", things=names))
    if Behaviour.HARD in behaviours:
        rules.append(_("When an amount is used up, that part stops until the next month or a larger plan."))
    if Behaviour.BILLABLE in behaviours:
        rules.append(_("Where a price for each follows, nothing stops: what goes beyond is on your next invoice."))
    if Behaviour.SOFT in behaviours:
        rules.append(_("A soft limit stops nothing; we write to you when you pass it."))
    return rules


def _comparison(catalog: Catalog, currency: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Rows of the table: a name, then for each offered plan its value and a small remark."""
    plans = catalog.offered
    rows = []
    for meter in catalog.meters:
        limits = [plan.limit(meter.key) for plan in plans]
        if any(limits):
            told = [words.limit_words(limit, currency) if limit else LimitWords("", "–", "") for limit in limits]
            rows.append((words.capital(meter.name), tuple((said.quantity, said.beyond) for said in told)))
    names = {feature.key: feature.name for plan in plans for feature in plan.features}
    for key, name in names.items():
        found = [next((feature for feature in plan.features if feature.key == key), None) for plan in plans]
        rows.append((name, tuple((words.feature_value(feature) if feature else "–", "") for feature in found)))
    if any(plan.support for plan in plans):
        rows.append((_("Support"), tuple((plan.support or "–", "") for plan in plans)))
    return rows
