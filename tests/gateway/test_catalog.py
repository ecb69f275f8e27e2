from decimal import Decimal

import pytest
from flask import Flask

from app.gateway import catalog
from app.gateway.catalog import PriceRecord
from app.gateway.client import client
from app.gateway.errors import GatewayRefused
from tests.helpers import Sandbox


def price(product: str, amount: str = "1000", meter: str | None = None) -> PriceRecord:
    return PriceRecord("", product, "solo", "usd", "month", Decimal(amount), meter, "solo.month.usd", is_active=True)


def test_a_product_comes_back_with_the_key_of_its_plan(app: Flask) -> None:
    stripe_id = catalog.create_product("k1", plan="solo", name="Solo", description="For one.")
    [record] = catalog.products()
    assert (record.stripe_id, record.plan, record.name, record.description) == (stripe_id, "solo", "Solo", "For one.")


def test_a_product_of_somebody_elses_is_left_out(app: Flask) -> None:
    client().v1.products.create({"name": "Not ours"})
    assert catalog.products() == []


def test_the_same_key_makes_one_product(app: Flask, sandbox: Sandbox) -> None:
    first = catalog.create_product("k1", plan="solo", name="Solo", description="")
    assert catalog.create_product("k1", plan="solo", name="Solo", description="") == first
    assert len(sandbox.objects("products")) == 1


def test_a_product_is_renamed_archived_and_put_back(app: Flask) -> None:
    stripe_id = catalog.create_product("k1", plan="solo", name="Solo", description="For one.")
    catalog.archive_product("k2", stripe_id)
    assert not catalog.products()[0].is_active
    catalog.update_product("k3", stripe_id, name="Alone", description="")
    [record] = catalog.products()
    assert (record.name, record.description, record.is_active) == ("Alone", "", True)


def test_a_price_comes_back_as_it_was_made(app: Flask) -> None:
    product = catalog.create_product("k1", plan="solo", name="Solo", description="")
    stripe_id = catalog.create_price("k2", price(product))
    [record] = catalog.prices([product])
    assert record == PriceRecord(
        stripe_id, product, "solo", "usd", "month", Decimal(1000), None, "solo.month.usd", is_active=True
    )


def test_a_metered_price_keeps_fractions_of_a_cent(app: Flask) -> None:
    product = catalog.create_product("k1", plan="solo", name="Solo", description="")
    meter = catalog.create_meter("k2", event_name="calls", name="calls", formula="sum")
    catalog.create_price("k3", price(product, "0.04", meter))
    [record] = catalog.prices([product])
    assert (record.unit_amount, record.meter) == (Decimal("0.04"), meter)


def test_a_lookup_key_moves_to_the_price_that_follows(app: Flask) -> None:
    product = catalog.create_product("k1", plan="solo", name="Solo", description="")
    old = catalog.create_price("k2", price(product))
    new = catalog.create_price("k3", price(product, "1200"))
    catalog.archive_price("k4", old)
    found = {record.stripe_id: (record.lookup_key, record.is_active) for record in catalog.prices([product])}
    assert found == {old: (None, False), new: ("solo.month.usd", True)}
    catalog.revive_price("k5", old, "solo.month.usd")
    found = {record.stripe_id: (record.lookup_key, record.is_active) for record in catalog.prices([product])}
    assert found == {old: ("solo.month.usd", True), new: (None, True)}


def test_a_meter_is_renamed_archived_and_put_back(app: Flask) -> None:
    stripe_id = catalog.create_meter("k1", event_name="calls", name="calls", formula="sum")
    catalog.rename_meter("k2", stripe_id, "API calls")
    catalog.archive_meter("k3", stripe_id)
    [record] = catalog.meters()
    assert (record.event_name, record.name, record.formula, record.is_active) == ("calls", "API calls", "sum", False)
    catalog.revive_meter("k4", stripe_id)
    assert catalog.meters()[0].is_active


def test_a_second_active_meter_of_one_event_is_refused(app: Flask) -> None:
    catalog.create_meter("k1", event_name="calls", name="calls", formula="sum")
    with pytest.raises(GatewayRefused):
        catalog.create_meter("k2", event_name="calls", name="calls", formula="last")


def test_more_prices_than_a_page_are_all_found(app: Flask) -> None:
    product = catalog.create_product("k1", plan="solo", name="Solo", description="")
    for amount in range(1, 103):
        fields = {"product": product, "currency": "usd", "unit_amount": amount}
        client().v1.prices.create({**fields, "recurring": {"interval": "month"}})
    assert len(catalog.prices([product])) == 102
