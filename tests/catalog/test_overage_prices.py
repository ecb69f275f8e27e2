"""What is sold beyond the plans hangs on a product of its meter, whose name the lines of invoices say."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.catalog.models import OveragePrice, Plan
from app.core.extensions import db
from app.gateway import catalog as gateway
from app.gateway.catalog import PriceRecord
from tests.helpers import Sandbox

from .conftest import SMALL

Loaded = Callable[[str], list[str]]

DUO = SMALL[SMALL.index('[[plans]]\nkey = "solo"') :].replace("solo", "duo").replace("Solo", "Duo")


def product_of(sandbox: Sandbox, lookup_key: str) -> dict[str, Any]:
    """The product of the active price with this lookup key."""
    [price] = [price for price in sandbox.objects("prices", active="true") if price["lookup_key"] == lookup_key]
    return next(product for product in sandbox.objects("products") if product["id"] == price["product"])


def test_it_has_a_product_that_says_what_it_is(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    assert product_of(sandbox, "solo.renders.beyond.usd")["name"] == "Renders beyond the plan"


def test_the_product_says_the_unit_of_measure(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL.replace('name = "renders"', 'name = "traffic"\nunit = "GB"'))
    assert product_of(sandbox, "solo.renders.beyond.usd")["name"] == "Traffic (GB) beyond the plan"


def test_the_product_follows_the_name_of_the_meter(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    former = product_of(sandbox, "solo.renders.beyond.usd")["id"]
    loaded(SMALL.replace('name = "renders"', 'name = "pictures"'))
    product = product_of(sandbox, "solo.renders.beyond.usd")
    assert (product["id"], product["name"]) == (former, "Pictures beyond the plan")


def test_plans_that_sell_it_for_the_same_have_a_price_each(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL + DUO)
    found = {price["lookup_key"]: price["product"] for price in sandbox.objects("prices", active="true")}
    assert found["solo.renders.beyond.usd"] == found["duo.renders.beyond.usd"]
    assert loaded(SMALL + DUO) == []


def test_the_product_is_archived_with_the_last_price(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    loaded(SMALL.replace('behaviour = "billable", overage = { usd = 0.5 }', 'behaviour = "hard"'))
    assert [product["name"] for product in sandbox.objects("products", active="true")] == ["Solo"]


def _as_it_was() -> str:
    """Let the overage price hang on the product of its plan, as in catalogues loaded long ago; answers the price's id."""
    row = db.session.scalars(select(OveragePrice)).one()
    plan = db.session.get_one(Plan, row.plan_id)
    [meter] = gateway.meters()
    former = PriceRecord(
        stripe_id="",
        product=str(plan.stripe_product_id),
        plan="solo",
        currency="usd",
        interval="month",
        unit_amount=Decimal("0.5"),
        meter=meter.stripe_id,
        lookup_key="solo.renders.overage.usd",
        is_active=True,
    )
    gateway.archive_price("now", row.stripe_price_id)
    row.stripe_price_id, row.lookup_key = gateway.create_price("former", former), former.lookup_key
    db.session.commit()
    return row.stripe_price_id


def test_a_price_on_the_product_of_its_plan_gives_way_at_the_next_load(loaded: Loaded, sandbox: Sandbox) -> None:
    loaded(SMALL)
    former = _as_it_was()
    assert loaded(SMALL) == [
        "+ overage  solo.renders.beyond.usd: $0.005",
        "- overage  solo.renders.overage.usd: $0.005",
    ]
    assert former not in {price["id"] for price in sandbox.objects("prices", active="true")}
    assert product_of(sandbox, "solo.renders.beyond.usd")["name"] == "Renders beyond the plan"
    assert loaded(SMALL) == []
