from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.catalog import service
from app.catalog.models import Price
from app.catalog.tree import Catalog
from app.core.errors import NotFound
from app.core.extensions import db
from tests.statements import counted

from .conftest import SMALL

Loaded = Callable[[str], list[str]]
Current = Callable[[], Catalog]


def price_id(lookup_key: str) -> str:
    return db.session.scalars(select(Price.public_id).where(Price.lookup_key == lookup_key)).one()


def test_without_a_catalogue_there_is_an_empty_one(current: Current) -> None:
    assert (current().plans, current().free, current().currencies) == ((), None, ())


def test_a_copy_is_kept_until_the_version_changes(loaded: Loaded, current: Current) -> None:
    loaded(SMALL)
    first = current()
    with counted() as sent:
        assert current() is first
        assert service.current() is first
    assert len(sent) == 1
    loaded(SMALL.replace('name = "Solo"', 'name = "Alone"'))
    assert current().plans[1].name == "Alone"


def test_the_free_plan_is_found_even_when_it_is_hidden(loaded: Loaded, current: Current) -> None:
    loaded(SMALL.replace('kind = "free"', 'kind = "free"\nvisibility = "hidden"'))
    free = current().free
    assert free is not None
    assert free.key == "free"
    assert [plan.key for plan in current().offered] == ["solo"]


def test_a_price_on_the_list_may_be_sold(loaded: Loaded) -> None:
    loaded(SMALL)
    price = service.sellable(price_id("solo.month.usd"))
    assert (price.unit_amount, price.plan.name) == (1000, "Solo")


def test_an_unknown_price_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        service.sellable("price_0")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('name = "Solo"', 'name = "Solo"\nvisibility = "hidden"'),
        lambda text: text.replace("month = 1000", "month = 1200"),
        lambda text: text.replace('key = "solo"', 'key = "duo"'),
    ],
    ids=["hidden", "replaced", "archived"],
)
def test_a_price_off_the_list_is_not_for_sale(loaded: Loaded, change: Callable[[str], str]) -> None:
    loaded(SMALL)
    kept = price_id("solo.month.usd")
    loaded(change(SMALL))
    with pytest.raises(service.NotForSale) as refused:
        service.sellable(kept)
    assert refused.value.status == 400
