"""What the dashboard says of a scripted year equals what Stripe's invoices come to."""

import os
from collections import Counter
from collections.abc import Callable

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
"""With more of them, everybody's life repeats a month later for each dozen."""
MONTHS = int(os.environ.get("YEAR_MONTHS", 7))


@pytest.fixture
def year(sandbox: Sandbox, nexus: Callable[..., Price], person: Callable[..., Browser]) -> Year:
    year = Year(sandbox, nexus, person)
    year.live(CUSTOMERS, MONTHS)
    recount.learn_prices(sandbox)
    return year


def test_the_figures_equal_a_recount_of_stripes_invoices(year: Year, sandbox: Sandbox):
    lives = {customer: recount.steps(sandbox, customer) for customer in year.customers.values()}
    steps = [step for life in lives.values() for step in life if step.at <= clock.now().timestamp()]
    first = min(step.day for step in steps)
    whole = Period(first, periods.today())
    assert {step.kind for step in steps} == set(Kind) - {Kind.NONE}
    for part in [whole, *whole.parts()]:
        assert said(part) == counted(steps, part), part
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
    opening, closing = _sum(before), _sum(before + within)
    paying, kinds = _paying(before), Counter(step.kind for step in within)
    lost = -_sum([step for step in within if step.kind in {"churn", "contraction"}])
    return {
        "mrr": round(closing / 12 + 1e-9),
        "arr": closing,
        "customers": (paying, _paying(before + within)),
        "moved": {kind: (kinds[kind], _sum([s for s in within if s.kind == kind])) for kind in kinds},
        "churn": (figures.share(kinds["churn"], paying), figures.share(lost, opening)),
    }


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
