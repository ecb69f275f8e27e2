"""Why a line costs what it costs: worked out from its facts alone, and said in one sentence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from flask_babel import gettext, ngettext

from app.core import i18n
from app.core.money import Money
from app.gateway.lines import LineDiscount, LineTax

from . import shares
from .lines import Line
from .shares import DAY, HOUR, Share


def _(sentence: str, **said: str) -> str:
    return str(gettext(sentence, **said))


@dataclass(frozen=True)
class Explanation:
    """`share` of `base` is the line's amount; None is the whole of it. All to the minor unit.

    `base` is the price times the quantity, or what was paid (`is_of_paid`), in minor units. It is None where the amount
    does not follow from the price: then only period, discounts and taxes can be told.
    """

    line: Line
    base: Fraction | None
    share: Share | None = None
    is_of_paid: bool = False

    @property
    def is_credit(self) -> bool:
        return self.line.amount < 0

    @property
    def worked_out(self) -> Money | None:
        """What base and share multiply out to."""
        if self.base is None:
            return None
        amount = shares.rounded(self.base * (self.share.fraction if self.share else 1))
        return Money(-amount if self.is_credit else amount, self.line.currency)

    @property
    def discounts(self) -> list[Money]:
        return [Money(discount.amount, self.line.currency) for discount in self.line.discounts]

    @property
    def taxes(self) -> list[Money]:
        return [Money(tax.amount, self.line.currency) for tax in self.line.taxes]

    @property
    def sentence(self) -> str:
        """Why the line's own amount, in the reader's language; discounts, and taxes on top, have rows of their own."""
        return _said(_reckoning(self), *_taxes(self, is_inclusive=True))

    @property
    def whole_sentence(self) -> str:
        """Why what is asked for in the end, after discounts and with taxes."""
        return _said(_reckoning(self), *_reductions(self), *_taxes(self))


def explain(line: Line) -> Explanation:
    """What the stored facts of a line multiply out to; nothing is taken from Stripe's description."""
    amount, price = abs(line.amount), _price(line)
    if line.amount < 0 and line.paid is not None:
        part = shares.seconds(line.period_start, line.period_end)
        whole = shares.seconds(line.paid.period_start, line.paid.period_end)
        paid = Fraction(line.paid.amount)
        if share := shares.of_whole(part, whole, paid, amount, tolerance=1):
            return Explanation(line, paid, share, is_of_paid=True)
    if price is None or shares.rounded(price) == amount:
        return Explanation(line, price)
    share = shares.of_price(line.period_start, line.period_end, price, amount) if amount else None
    return Explanation(line, price if share else None, share)


def discounts(found: Iterable[Line]) -> list[tuple[str, Money]]:
    """What each discount takes off these lines together, by its name, "" without one: 20% SPRING20."""
    taken: dict[str, Money] = {}
    for line in found:
        for discount in line.discounts:
            name, amount = _discount(discount) if discount.name else "", Money(discount.amount, line.currency)
            taken[name] = Money(taken[name].amount + amount.amount, line.currency) if name in taken else amount
    return list(taken.items())


def _said(*parts: str) -> str:
    return _("%(reckoning)s.", reckoning=", ".join(parts))


def _price(line: Line) -> Fraction | None:
    """Unit price times quantity, exact, in minor units."""
    if line.unit_amount is None or line.quantity is None:
        return None
    return Fraction(line.unit_amount) * Fraction(line.quantity)


def _reckoning(why: Explanation) -> str:
    period = i18n.period(why.line.period_start, why.line.period_end)
    if why.base is None:
        return _no_price(why.line, period)
    if why.share is None:
        return _("%(period)s: %(cost)s", period=_with_days(why.line, period), cost=_cost(why.line))
    share = _part(why.share)
    if why.is_of_paid:
        paid = i18n.money(Money(int(why.base), why.line.currency))
        return _(
            "Credit for unused time at the old price, %(period)s: %(share)s of the %(amount)s paid for that time",
            period=period,
            share=share,
            amount=paid,
        )
    said = {"period": period, "share": share, "cost": _cost(why.line)}
    if why.is_credit:
        return _("Credit for unused time at the old price, %(period)s: %(share)s at %(cost)s", **said)
    if why.line.is_proration:
        return _("The rest of the period at the new price, %(period)s: %(share)s at %(cost)s", **said)
    return _("A part of the period, %(period)s: %(share)s at %(cost)s", **said)


def _no_price(line: Line, period: str) -> str:
    if line.amount == 0:
        return _("%(period)s: nothing is charged for this time", period=_with_days(line, period))
    amount = i18n.money(line.total)
    if line.amount < 0:
        return _(
            "Credit for unused time, %(period)s, worked out to the second: %(amount)s", period=period, amount=amount
        )
    return _("%(period)s: %(amount)s", period=period, amount=amount)


def _with_days(line: Line, period: str) -> str:
    """The days that a period lasts, where it is whole days."""
    days, rest = divmod(shares.seconds(line.period_start, line.period_end), DAY)
    if rest or not days:
        return period
    return str(ngettext("%(period)s (%(num)s day)", "%(period)s (%(num)s days)", days, period=period))


def _part(share: Share) -> str:
    part, whole = i18n.quantity(Decimal(share.part)), i18n.quantity(Decimal(share.whole))
    if share.unit == DAY:
        return _("%(part)s of %(whole)s days", part=part, whole=whole)
    if share.unit == HOUR:
        return _("%(part)s of %(whole)s hours", part=part, whole=whole)
    return _("%(part)s of %(whole)s seconds", part=part, whole=whole)


def _cost(line: Line) -> str:
    """3 × $299.00"""
    assert line.unit_amount is not None
    assert line.quantity is not None
    unit = i18n.unit_price(line.unit_amount, line.currency)
    return unit if line.quantity == 1 else f"{i18n.quantity(line.quantity)}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{unit}"


def _reductions(why: Explanation) -> Iterator[str]:
    for discount, amount in zip(why.line.discounts, why.discounts, strict=True):
        yield _("minus %(what)s (%(amount)s)", what=_discount(discount), amount=i18n.money(amount))


def _discount(discount: LineDiscount) -> str:
    name = discount.name or _("discount")
    return f"{i18n.percent(discount.percent)} {name}" if discount.percent is not None else name


def _taxes(why: Explanation, *, is_inclusive: bool = False) -> Iterator[str]:
    """All of them, or only those that are in the price."""
    for tax, amount in zip(why.line.taxes, why.taxes, strict=True):
        if is_inclusive and not tax.is_inclusive:
            continue
        said = {"tax": _tax(tax), "amount": i18n.money(amount)}
        if tax.reason == "reverse_charge":
            yield _("without tax, which you account for yourself (reverse charge)")
        elif tax.is_inclusive:
            yield _("%(tax)s included (%(amount)s)", **said)
        elif tax.amount:
            yield _("plus %(tax)s (%(amount)s)", **said)


def _tax(tax: LineTax) -> str:
    return _("%(rate)s tax", rate=i18n.percent(tax.rate)) if tax.rate is not None else _("tax")
