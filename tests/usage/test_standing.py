"""How an organization stands with its limits."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.catalog import service as catalog
from app.catalog.models import Behaviour
from app.core import clock
from app.core.errors import NotFound
from app.core.extensions import db
from app.usage import service
from app.usage.service import NewEvent
from tests.cast import Browser
from tests.statements import counted
from tests.usage.reporting import count, event


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Every test here has meters."""


def test_without_a_subscription_the_free_plan_counts(ada: Browser):
    count(ada, event("a", quantity=15))
    standing = service.standing(ada.organization, "renders")
    assert (standing.limit, standing.behaviour) == (20, Behaviour.HARD)
    assert (standing.used, standing.remaining, standing.percent) == (15, 5, 75)
    assert standing.begins_at <= clock.now() < standing.resets_at


def test_every_meter_stands_in_the_order_of_the_catalogue(ada: Browser):
    found = [standing.meter.key for standing in service.standings(ada.organization)]
    assert found == [meter.key for meter in catalog.current().meters]


def test_a_billable_limit_says_what_more_costs(ada: Browser, subscribe: Callable[..., None]):
    subscribe(ada, "growth")
    standing = service.standing(ada.organization, "ai_generations")
    assert standing.behaviour is Behaviour.BILLABLE
    assert standing.overage_price is not None
    assert (standing.overage_price.currency, standing.overage_price.unit_amount) == ("usd", 2)


def test_beyond_the_limit_nothing_remains(ada: Browser):
    count(ada, event("a", quantity=25))
    standing = service.standing(ada.organization, "renders")
    assert (standing.remaining, standing.percent, standing.beyond) == (0, 125, 5)


def test_a_meter_that_does_not_count_is_not_found(ada: Browser):
    with pytest.raises(NotFound):
        service.standing(ada.organization, "teleports")


def test_days_are_those_of_the_time_zone(ada: Browser):
    ada.organization.timezone = "Asia/Kathmandu"
    db.session.commit()
    noon = (clock.now() - timedelta(days=1)).replace(hour=18, minute=14, second=59, microsecond=0)
    count(ada, event("a", quantity=1, at=noon), event("b", quantity=2, at=noon + timedelta(seconds=1)))
    first = noon.date()
    days = service.daily(ada.organization, "renders", first - timedelta(days=1), first + timedelta(days=1))
    assert [day.used for day in days] == [0, 1, 2]


@pytest.mark.parametrize("events", [10**3, 10**5])
def test_a_check_costs_two_statements_and_never_looks_at_events(
    ada: Browser, subscribe: Callable[..., None], events: int
):
    subscribe(ada, "growth")
    count(ada, *(NewEvent(f"e{number}", "renders", Decimal(1)) for number in range(1000)))
    many = "SELECT :id, 'x' || n, 'renders', 1, now(), false FROM generate_series(1, :count) n"
    db.session.execute(text(f"INSERT INTO usage_events {many}"), {"id": ada.organization.id, "count": events - 1000})
    db.session.commit()
    service.standing(ada.organization, "renders")
    db.session.commit()
    for ask in (lambda: service.standing(ada.organization, "renders"), lambda: service.standings(ada.organization)):
        organization = ada.organization.id  # loads it, if the commit let go of it
        assert organization
        with counted() as statements:
            ask()
        db.session.commit()
        assert len(statements) <= 2
        assert not any("usage_events" in statement for statement in statements)
