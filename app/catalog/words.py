"""Limits, features and savings as a customer reads them, in the locale of the reader."""

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency, format_decimal
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core import i18n
from app.core.money import Money, exponent, spaced

from .models import Behaviour, Interval
from .tree import Catalog, Feature, Limit, Meter, Plan


@dataclass(frozen=True)
class LimitWords:
    """`text` names the meter ("5,000 AI generations"), `quantity` does not ("5,000"); `beyond` is what comes after it."""

    text: str
    quantity: str
    beyond: str

    def __str__(self) -> str:
        return f"{self.text}, {self.beyond}" if self.beyond else self.text


def number(value: int) -> str:
    return str(format_decimal(value, locale=i18n.locale()))


def capital(name: str) -> str:
    """A name from mid-sentence at the beginning of a line: "workflow runs" is "Workflow runs"."""
    return name[:1].upper() + name[1:]


def exact(amount: Decimal, currency: str) -> str:
    """An amount in minor units and fractions of them, to its last decimal: 0.04 of a US cent is $0.0004."""
    major = amount.scaleb(-exponent(currency)).normalize()
    return spaced(format_currency(major, currency.upper(), locale=i18n.locale(), decimal_quantization=False))


def limit_words(limit: Limit, currency: str) -> LimitWords:
    """`currency` is the one in which going beyond a billable limit is priced."""
    meter = limit.meter
    if limit.amount is None:
        return LimitWords(_("Unlimited %(things)s", things=meter.name), _("Unlimited"), "")
    amount = number(limit.amount)
    quantity = f"{amount} {meter.unit}" if meter.unit else amount
    things = meter.singular if limit.amount == 1 and not meter.unit else meter.name
    return LimitWords(f"{quantity} {things}", quantity, _beyond(limit, meter, currency))


def _beyond(limit: Limit, meter: Meter, currency: str) -> str:
    if limit.behaviour is Behaviour.SOFT:
        return str(_("soft limit"))
    overage = limit.overage(currency)
    if limit.behaviour is Behaviour.HARD or overage is None:
        return ""
    price = exact(overage.unit_amount, currency)
    if meter.unit:
        return str(_("then %(price)s per %(unit)s", price=price, unit=meter.unit))
    return str(_("then %(price)s each", price=price))


def feature_words(feature: Feature) -> str | None:
    """What the plan has; None when it does not have it."""
    if feature.value is False:
        return None
    return feature.name if feature.value is True else f"{feature.name}: {feature_value(feature)}"


def feature_value(feature: Feature) -> str:
    """The value alone, for a table whose row has the name."""
    value = feature.value
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    return number(value) if isinstance(value, int) else capital(value)


def saved(plan: Plan, currency: str) -> Money | None:
    """What a year costs less than twelve months do; None when there is nothing to save."""
    month, year = plan.price(Interval.MONTH, currency), plan.price(Interval.YEAR, currency)
    if month is None or year is None:
        return None
    difference = month.amount * 12 - year.amount
    return difference if difference.amount > 0 else None


def plan_saving(plan: Plan, currency: str) -> str:
    """ "2 months free", or the amount a year where it is not a whole number of months; "" without one."""
    difference, month = saved(plan, currency), plan.price(Interval.MONTH, currency)
    if difference is None or month is None:
        return ""
    months, rest = divmod(difference.amount, month.amount.amount)
    if rest == 0:
        return str(ngettext("%(num)s month free", "%(num)s months free", months))
    return str(_("you save %(amount)s", amount=i18n.money(difference)))


def common_saving(catalog: Catalog, currency: str) -> str:
    """What every plan saves, or the most one of them saves, beside the word Yearly; "" when none does."""
    sayings = {plan_saving(plan, currency) for plan in catalog.offered if plan.price(Interval.YEAR, currency)}
    if len(sayings) == 1:
        return sayings.pop()
    shares = [_share(plan, currency) for plan in catalog.offered]
    best = max(shares, default=0)
    return _("save up to %(percent)s", percent=i18n.percent(Decimal(best))) if best else ""


def _share(plan: Plan, currency: str) -> int:
    """Whole percent saved by paying yearly, rounded down so that it is never promised too much."""
    difference, month = saved(plan, currency), plan.price(Interval.MONTH, currency)
    return difference.amount * 100 // (month.amount.amount * 12) if difference and month else 0
