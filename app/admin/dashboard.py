"""What the dashboard shows of a period: figures, their course as a chart, who left and whose payment failed."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from flask_babel import format_date
from flask_babel import gettext as _

from app.core import charts, i18n
from app.core.charts import Chart, Series
from app.core.money import Money
from app.revenue import figures, losses
from app.revenue.amounts import monthly, rounded
from app.revenue.figures import Figures, Revenue
from app.revenue.losses import Failed
from app.revenue.models import Kind
from app.revenue.periods import Period

TONES = {
    Kind.NEW: "up",
    Kind.REACTIVATION: "accent",
    Kind.EXPANSION: "more",
    Kind.CONTRACTION: "down",
    Kind.CHURN: "gone",
}
"""In the order they are stacked, from zero outward."""


@dataclass(frozen=True)
class Dashboard:
    """`chosen` is the currency whose movements are drawn, None where nothing ever recurred."""

    period: Period
    figures: Figures
    chosen: Revenue | None
    chart: Chart | None
    reasons: dict[str, int]
    failed: list[Failed]


def of(period: Period, currency: str) -> Dashboard:
    """Four statements. A `currency` nothing recurs in is the first one."""
    found = figures.of(period)
    chosen = next((one for one in found.revenues if one.currency == currency), next(iter(found.revenues), None))
    return Dashboard(
        period=period,
        figures=found,
        chosen=chosen,
        chart=_chart(period, chosen.currency) if chosen else None,
        reasons=losses.reasons(period),
        failed=losses.failed(period),
    )


def _chart(period: Period, currency: str) -> Chart | None:
    """None where nothing moved."""
    moved = figures.course(period, currency)
    if not any(any(values) for values in moved.values()):
        return None
    names = {
        Kind.NEW: _("New"),
        Kind.REACTIVATION: _("Reactivation"),
        Kind.EXPANSION: _("Expansion"),
        Kind.CONTRACTION: _("Contraction"),
        Kind.CHURN: _("Churn"),
    }
    series = [
        Series(names[kind], [Decimal(monthly(value, currency).amount) for value in moved[kind]], tone)
        for kind, tone in TONES.items()
    ]
    labels = [_label(part, period.unit) for part in period.parts()]
    return charts.columns(labels, series, partial(_said, currency), partial(_short, currency))


def _said(currency: str, amount: Decimal) -> str:
    return i18n.money(Money(rounded(amount), currency))


def _short(currency: str, amount: Decimal) -> str:
    return i18n.compact_money(Money(rounded(amount), currency))


def _label(part: Period, unit: str) -> tuple[str, str]:
    """Below its column, and whole."""
    if unit == "month":
        return format_date(part.first, "MMM"), format_date(part.first, "MMMM y")
    whole = i18n.day(part.first) if unit == "day" else f"{i18n.day(part.first)} – {i18n.day(part.last)}"
    return format_date(part.first, "d MMM"), whole
