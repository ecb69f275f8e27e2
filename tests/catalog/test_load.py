from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.catalog import load
from app.catalog.models import CatalogVersion, Plan, Price
from app.catalog.publish import MeterTaken, publish
from app.catalog.sheet import Sheet, of_file
from app.catalog.tree import Catalog
from app.core.extensions import db
from tests.helpers import Sandbox

from .conftest import SMALL

Loaded = Callable[[str], list[str]]
Current = Callable[[], Catalog]


def on_sale(sandbox: Sandbox) -> dict[str, Any]:
    """Stripe's active prices by lookup key."""
    return {price["lookup_key"]: price for price in sandbox.objects("prices", active="true")}


def products(sandbox: Sandbox, **filters: str) -> dict[str, str | None]:
    """Descriptions by name."""
    return {product["name"]: product["description"] for product in sandbox.objects("products", **filters)}


def counted(sandbox: Sandbox) -> tuple[int, int, int]:
    return len(sandbox.objects("products")), len(sandbox.objects("prices")), len(sandbox.objects("billing/meters"))


def test_loading_makes_products_prices_and_meters(loaded: Loaded, sandbox: Sandbox, current: Current) -> None:
    loaded(SMALL)
    assert products(sandbox) == {"Solo": "For one.", "Renders beyond the plan": None}
    prices = on_sale(sandbox)
    assert set(prices) == {"solo.month.usd", "solo.year.usd", "solo.renders.beyond.usd"}
    assert prices["solo.month.usd"]["unit_amount"] == 1000
    [meter] = sandbox.objects("billing/meters")
    overage = prices["solo.renders.beyond.usd"]
    assert overage["recurring"]["meter"] == meter["id"]
    assert (overage["recurring"]["usage_type"], overage["recurring"]["interval"]) == ("metered", "month")
    assert Decimal(overage["unit_amount_decimal"]) == Decimal("0.5")
    price = next(p for p in current().all_prices if p.stripe_price_id == prices["solo.month.usd"]["id"])
    assert price is not None
    assert price.plan_key == "solo"


def test_loading_the_same_file_again_changes_nothing(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    version, made = db.session.scalar(select(CatalogVersion.version)), counted(sandbox)
    assert loaded(SMALL) == []
    assert (db.session.scalar(select(CatalogVersion.version)), counted(sandbox)) == (version, made)


@pytest.mark.parametrize("preset", ["nexus", "chat", "uxflow", "agents"])
def test_every_preset_loads_and_is_then_known(preset: str, loaded: Loaded) -> None:
    assert loaded(preset)
    assert load.diff(load.read(preset)) == []


def test_the_changes_are_said_in_lines(loaded: Loaded) -> None:
    loaded(SMALL)
    changed = SMALL.replace("month = 1000", "month = 1200").replace('name = "Solo"', 'name = "Alone"')
    changed = changed.replace("limits.renders = 1\n", "limits.renders = 2\n").replace("usd = 0.5", "usd = 0.25")
    assert loaded(changed) == [
        '~ plan     solo: name "Solo" → "Alone"',
        "~ price    solo.month.usd: unit amount $10.00 → $12.00",
        "~ limit    free / renders: amount 1 → 2",
        "~ overage  solo.renders.beyond.usd: unit amount $0.005 → $0.0025",
    ]


def test_a_new_amount_is_a_new_price_that_takes_the_lookup_key_over(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    before = on_sale(sandbox)["solo.month.usd"]["id"]
    loaded(SMALL.replace("month = 1000", "month = 1200"))
    after = on_sale(sandbox)["solo.month.usd"]
    assert after["id"] != before
    assert after["unit_amount"] == 1200
    [old] = [price for price in sandbox.objects("prices") if price["id"] == before]
    assert (old["active"], old["lookup_key"]) == (False, None)


def test_who_bought_an_archived_price_still_finds_it(loaded: Loaded, current: Current) -> None:
    loaded(SMALL)
    bought = current().offered[1].prices[0]
    loaded(SMALL.replace("month = 1000", "month = 1200"))
    kept = current().price(bought.public_id)
    assert kept is not None
    assert kept.amount == bought.amount
    assert kept.archived_at is not None


def test_a_former_amount_comes_back_as_the_former_price(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    before = on_sale(sandbox)["solo.month.usd"]["id"]
    loaded(SMALL.replace("month = 1000", "month = 1200"))
    loaded(SMALL)
    assert on_sale(sandbox)["solo.month.usd"]["id"] == before
    assert len(db.session.scalars(select(Price).where(Price.archived_at.is_(None))).all()) == 2


def test_a_new_name_reaches_the_product(loaded: Loaded, sandbox: Sandbox) -> None:
    for name in ("Alone", "Solo", "Alone"):
        loaded(SMALL.replace('name = "Solo"', f'name = "{name}"'))
        assert set(products(sandbox)) == {name, "Renders beyond the plan"}


def test_what_a_file_no_longer_names_is_archived(loaded: Loaded, sandbox: Sandbox, current: Current) -> None:
    loaded("uxflow")
    loaded(SMALL)
    assert [plan.key for plan in current().offered] == ["free", "solo"]
    assert set(products(sandbox, active="true")) == {"Solo", "Renders beyond the plan"}
    assert set(on_sale(sandbox)) == {"solo.month.usd", "solo.year.usd", "solo.renders.beyond.usd"}
    assert [meter["event_name"] for meter in sandbox.objects("billing/meters", status="active")] == ["renders"]
    team = current().plan("team")
    assert team is not None
    assert (team.archived_at is not None, len(team.limits)) == (True, 4)


def test_a_plan_may_come_back(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    ids = db.session.scalars(select(Plan.public_id).where(Plan.key == "solo")).one(), counted(sandbox)
    loaded("chat")
    loaded(SMALL)
    assert db.session.scalars(select(Plan.public_id).where(Plan.key == "solo")).one() == ids[0]
    assert len([price for price in sandbox.objects("prices") if price["lookup_key"] == "solo.month.usd"]) == 1
    assert set(on_sale(sandbox)) == {"solo.month.usd", "solo.year.usd", "solo.renders.beyond.usd"}


def test_a_load_that_died_before_the_tables_is_finished_by_the_next(
    loaded: Loaded, sandbox: Sandbox, written: Callable[[str], Any]
) -> None:
    publish(of_file(load.read(written(SMALL))), "the version before", [])
    made = counted(sandbox)
    assert loaded(SMALL)
    assert counted(sandbox) == made


def test_a_load_that_died_half_way_makes_nothing_twice(
    loaded: Loaded, sandbox: Sandbox, written: Callable[[str], Any]
) -> None:
    whole = of_file(load.read(written(SMALL)))
    first = {"solo.month.usd": whole.prices["solo.month.usd"]}
    publish(Sheet(whole.meters, whole.plans, first, {}, {}, {}), "the version before", [])
    loaded(SMALL)
    assert counted(sandbox) == (2, 3, 1)


def test_a_fresh_database_finds_what_an_earlier_one_made(
    app: Any, loaded: Loaded, sandbox: Sandbox, current: Current
) -> None:
    loaded("nexus")
    made, price = counted(sandbox), current().plans[1].prices[0].stripe_price_id
    for table in ("features", "limits", "overage_prices", "prices", "plans", "meters", "catalog_version"):
        db.session.execute(db.text(f"TRUNCATE {table} CASCADE"))
    db.session.commit()
    loaded("nexus")
    assert counted(sandbox) == made
    assert current().plans[1].prices[0].stripe_price_id == price


BILLABLE = 'limits.renders = { amount = 100, behaviour = "billable", overage = { usd = 0.5 } }'


def test_a_meter_that_stripe_counts_otherwise_is_refused(loaded: Loaded, sandbox: Sandbox, current: Current) -> None:
    loaded(SMALL)
    with pytest.raises(MeterTaken, match='meters "renders": Stripe already aggregates it by sum'):
        loaded(SMALL.replace('singular = "render"', 'kind = "gauge"').replace(BILLABLE, "limits.renders = 100"))
    assert current().plans[1].name == "Solo"
    assert len(on_sale(sandbox)) == 3
