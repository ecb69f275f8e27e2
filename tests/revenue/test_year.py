"""What the dashboard says of a scripted year equals what Stripe's invoices come to."""

import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from app.catalog.models import Price
from app.core import clock
from app.revenue import figures, losses, periods
from app.revenue.models import Kind
from app.revenue.periods import Period
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.revenue import recount
from tests.revenue.recount import Step
from tests.revenue.year import LIVES, Year

CUSTOMERS = int(os.environ.get("YEAR_CUSTOMERS", len(LIVES)))
"""With more of them, everybody's life repeats a month later."""
MONTHS = int(os.environ.get("YEAR_MONTHS", 7))


@pytest.fixture
def year(sandbox: Sandbox, nexus: Callable[..., Price], person: Callable[..., Browser]) -> Year:
    year = Year(sandbox, nexus, person)
    year.live(CUSTOMERS, MONTHS)
    recount.learn_prices(sandbox)
    return year


def test_the_figures_equal_a_recount_of_stripes_invoices(year: Year, sandbox: Sandbox):
    lives = {customer: recount.steps(sandbox, customer) for customer in year.customers.values()}
    lives = {name: [step for step in life if step.at <= clock.now().timestamp()] for name, life in lives.items()}
    steps = [step for life in lives.values() for step in life]
    first = min(step.day for step in steps)
    whole = Period(first, periods.today())
    assert {step.kind for step in steps} == set(Kind) - {Kind.NONE}
    within_which_some_come_and_go = Period(whole.parts()[0].last, whole.last)
    for part in [whole, *whole.parts(), within_which_some_come_and_go]:
        assert said(part) == counted(steps, part) | {"churn": churn(list(lives.values()), part)}, part
    assert course(whole) == [moved(steps, part) for part in whole.parts()]
    assert {status: n for status, n in figures.of(whole).counts.items() if n} == recount.statuses(sandbox)
    assert losses.reasons(whole) == recount.reasons(sandbox)
    assert [(one.invoices, one.unpaid.amount) for one in losses.failed(whole)] == [recount.failed(sandbox)]
    trials = figures.of(whole)
    assert (trials.trials_ended, trials.trials_converted) == recount.trials(sandbox)


def said(period: Period) -> dict[str, object]:
    """What the dashboard has on a period."""
    found = figures.of(period)
    assert len(found.revenues) == 1
    one = found.revenues[0]
    return {
        "mrr": one.mrr.amount,
        "arr": one.arr.amount,
        "customers": (one.customers_before, one.customers),
        "moved": {
            kind: (one.of(kind).count, one.of(kind).annual) for kind in Kind if kind != Kind.NONE and one.of(kind).count
        },
        "churn": (one.customer_churn, one.revenue_churn),
    }


def counted(steps: list[Step], period: Period) -> dict[str, object]:
    """The same by hand."""
    before = [step for step in steps if step.at < period.begins_at.timestamp()]
    within = [step for step in steps if period.first <= step.day <= period.last]
    closing, kinds = _sum(before + within), Counter(step.kind for step in within)
    return {
        "mrr": round(closing / 12 + 1e-9),
        "arr": closing,
        "customers": (_paying(before), _paying(before + within)),
        "moved": {kind: (kinds[kind], _sum([s for s in within if s.kind == kind])) for kind in kinds},
    }


def churn(lives: list[list[Step]], period: Period) -> tuple[Decimal | None, Decimal | None]:
    """Of customers and of revenue, in percent: each life is walked from what was paid when the period began."""
    begins, ends = period.begins_at.timestamp(), period.ends_at.timestamp()
    paying, opening, gone, lost = 0, 0, 0, 0
    for life in lives:
        paid = next((step.after for step in reversed(life) if step.at < begins), 0)
        paying, opening = paying + (paid > 0), opening + paid
        for step in (step for step in life if paid and begins <= step.at < ends):
            lost += max(step.before - step.after, 0)
            if step.after == 0:
                gone += 1
                break
    return _percent(gone, paying), _percent(lost, opening)


def _percent(part: int, whole: int) -> Decimal | None:
    return Decimal(str(round(100 * part / whole, 1))) if whole else None


def _sum(steps: list[Step]) -> int:
    return sum(step.after - step.before for step in steps)


def _paying(steps: list[Step]) -> int:
    return sum((step.after > 0) - (step.before > 0) for step in steps)


def moved(steps: list[Step], period: Period) -> dict[str, int]:
    within = [step for step in steps if period.first <= step.day <= period.last]
    return {kind: _sum([s for s in within if s.kind == kind]) for kind in Kind if kind != Kind.NONE}


def course(period: Period) -> list[dict[str, int]]:
    found = figures.course(period, "usd")
    return [{kind: values[number] for kind, values in found.items()} for number in range(len(period.parts()))]
