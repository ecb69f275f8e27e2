"""Prices: amounts, tiers, other currencies, and what of them changes."""

import pytest
import stripe

from tests.sandbox.shop import amounts


@pytest.fixture
def product(client):
    return client.v1.products.create({"name": "Seats"}).id


@pytest.fixture
def tiered(client, product):
    def create(mode="graduated", tiers=None, **more):
        tiers = tiers or [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
        params = {"product": product, "currency": "usd", "recurring": {"interval": "month"}}
        return client.v1.prices.create(
            {**params, "billing_scheme": "tiered", "tiers_mode": mode, "tiers": tiers, **more}
        )

    return create


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"unit_amount": 100, "unit_amount_decimal": "100"}, "unit_amount"),
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount_decimal": "0.0000000000001"}, "unit_amount_decimal"),
        ({"unit_amount": 100, "tiers_mode": "volume"}, "tiers_mode"),
        ({"unit_amount": 100, "custom_unit_amount": {"enabled": True}}, "custom_unit_amount"),
        ({"unit_amount": 100, "currency": "dollars"}, "currency"),
        ({"unit_amount": 100, "product_data": {"name": "Other"}}, "product"),
        ({"unit_amount": 100, "recurring": {"interval": "year", "interval_count": 4}}, "recurring[interval_count]"),
        ({"unit_amount": 100, "currency_options": {"usd": {"unit_amount": 90}}}, "currency_options[usd]"),
        ({"unit_amount": 1, "transform_quantity": {"divide_by": 0, "round": "up"}}, "transform_quantity[divide_by]"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(client, product, wrong, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.prices.create({"product": product, "currency": "usd", **wrong})
    assert error.value.param == param


@pytest.mark.parametrize(
    ("tiers", "complaint"),
    [
        ([{"up_to": 10, "unit_amount": 1}], "last tier must have `up_to` set to `inf`"),
        ([{"up_to": "inf", "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}], "Only the last tier"),
        ([{"up_to": 9, "unit_amount": 1}, {"up_to": 9, "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}], "rise"),
        ([{"up_to": 0, "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}], "positive"),
    ],
)
def test_tiers_rise_to_infinity(tiered, tiers, complaint):
    with pytest.raises(stripe.InvalidRequestError, match=complaint):
        tiered(tiers=tiers)


def test_a_tiered_price_has_no_amount_of_its_own(tiered):
    with pytest.raises(stripe.InvalidRequestError) as error:
        tiered(unit_amount=100)
    assert error.value.param == "unit_amount"


def test_a_graduated_price_is_billed_with_a_line_per_tier(shop, tiered, client):
    tiers = [
        {"up_to": 5, "unit_amount_decimal": "33.3", "flat_amount": 500},
        {"up_to": "inf", "unit_amount_decimal": "0.5", "flat_amount": 20},
    ]
    price = tiered(tiers=tiers)
    subscription = shop.subscribe(shop.customer(), items=[{"price": price.id, "quantity": 8}])
    lines = subscription.latest_invoice.lines.data
    assert [(line.quantity, line.amount) for line in lines] == [(5, 167), (1, 500), (3, 2), (1, 20)]
    assert subscription.latest_invoice.subtotal == 689
    assert [str(line.pricing.unit_amount_decimal) for line in lines] == ["33.3", "500", "0.5", "20"]
    assert lines[0].description == "5 × Seats (Tier 1 at $0.333 / month)"
    assert lines[1].description == "Seats (Tier 1 flat fee of $5.00 / month)"
    assert "tiers" not in price
    shown = client.v1.prices.retrieve(price.id, {"expand": ["tiers"]})
    assert [(tier.up_to, tier.flat_amount) for tier in shown.tiers] == [(5, 500), (None, 20)]


def test_a_volume_price_uses_the_tier_that_is_reached(shop, tiered):
    tiers = [{"up_to": 5, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 60, "flat_amount": 30}]
    price = tiered("volume", tiers)
    for quantity, expected in ((5, [500]), (6, [360, 30])):
        subscription = shop.subscribe(shop.customer(), items=[{"price": price.id, "quantity": quantity}])
        assert amounts(subscription.latest_invoice) == expected


def test_the_lines_of_a_part_of_a_period_add_up_to_it(shop, tiered, clock):
    tiers = [{"up_to": 3, "unit_amount": 333}, {"up_to": 7, "unit_amount": 111}, {"up_to": "inf", "unit_amount": 7}]
    items = [{"price": tiered(tiers=tiers).id, "quantity": 11}]
    subscription = shop.subscribe(shop.customer(), items=items, billing_cycle_anchor=clock.now() + 10 * 86400)
    invoice = subscription.latest_invoice
    whole = 3 * 333 + 4 * 111 + 4 * 7
    assert len(amounts(invoice)) == 3
    assert sum(amounts(invoice)) == invoice.subtotal == pytest.approx(whole * 10 / 31, abs=0.51)


def test_usage_is_billed_tier_by_tier(shop, tiered, client, clock):
    formula = {"formula": "sum"}
    meter = client.v1.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": formula}
    )
    tiers = [{"up_to": 1000, "unit_amount": 0}, {"up_to": "inf", "unit_amount_decimal": "0.05"}]
    price = tiered(tiers=tiers, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id})
    customer = shop.customer()
    subscription = shop.subscribe(customer, price)
    payload = {"stripe_customer_id": customer.id, "value": "3333"}
    client.v1.billing.meter_events.create({"event_name": "calls", "payload": payload})
    clock.turn(by="32 days")
    (invoice,) = shop.invoices(subscription)
    assert [(line.quantity, line.amount) for line in invoice.lines.data] == [(1000, 0), (2333, 117)]
    assert invoice.subtotal == 117


@pytest.mark.parametrize(("round_to", "total"), [("up", 300), ("down", 200)])
def test_a_quantity_can_be_billed_in_packs(shop, round_to, total):
    price = shop.price(100, transform_quantity={"divide_by": 10, "round": round_to})
    subscription = shop.subscribe(shop.customer(), items=[{"price": price.id, "quantity": 25}])
    assert (subscription.latest_invoice.total, subscription["items"].data[0].quantity) == (total, 25)


@pytest.fixture
def both(shop):
    """A price in dollars and euros."""
    return shop.price(3100, currency_options={"eur": {"unit_amount_decimal": "2790.5", "tax_behavior": "inclusive"}})


def test_a_subscription_pays_in_the_currency_it_asks_for(shop, both, clock):
    customer = shop.customer()
    subscription = shop.subscribe(customer, both, currency="eur")
    (line,) = subscription.latest_invoice.lines.data
    assert (subscription.currency, subscription.latest_invoice.currency, line.currency) == ("eur", "eur", "eur")
    assert (line.amount, str(line.pricing.unit_amount_decimal)) == (2791, "2790.5")
    assert "€" in line.description
    clock.turn(by="32 days")
    assert [invoice.total for invoice in shop.invoices(subscription)] == [2791, 2791]


def test_a_customers_currency_is_used_where_the_price_has_it(shop, both):
    customer = shop.customer()
    first = shop.subscribe(customer, both, currency="eur")
    assert shop.subscribe(customer, both).currency == "eur"
    shop.v1.subscriptions.cancel(first.id)
    assert shop.v1.customers.retrieve(customer.id).currency == "eur"
    with pytest.raises(stripe.InvalidRequestError, match="has no amount in eur"):
        shop.subscribe(customer, shop.price(100), currency="eur")


def test_a_change_of_plan_stays_in_its_currency(shop, both, clock, client):
    dear = shop.price(6200, currency_options={"eur": {"unit_amount": 5580}})
    subscription = shop.subscribe(shop.customer(), both, currency="eur")
    clock.turn(by="10 days")
    changed = shop.change(subscription, dear, proration_behavior="always_invoice")
    assert changed.latest_invoice.currency == "eur"
    assert amounts(changed.latest_invoice) == [-1891, 3780]
    item = {"id": changed["items"].data[0].id, "price": shop.price(100).id}
    with pytest.raises(stripe.InvalidRequestError, match="same currency"):
        client.v1.subscriptions.update(subscription.id, {"items": [item]})


def test_tiers_have_amounts_in_other_currencies(shop, tiered):
    options = [{"up_to": 10, "unit_amount": 90}, {"up_to": "inf", "unit_amount": 40}]
    price = tiered(currency_options={"eur": {"tiers": options}})
    items = [{"price": price.id, "quantity": 12}]
    assert amounts(shop.subscribe(shop.customer(), items=items, currency="eur").latest_invoice) == [900, 80]
    with pytest.raises(stripe.InvalidRequestError, match="price's own `up_to`"):
        tiered(
            currency_options={"eur": {"tiers": [{"up_to": 5, "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}]}}
        )
    with pytest.raises(stripe.InvalidRequestError, match="Only a tiered price"):
        shop.price(100, currency_options={"eur": {"tiers": options, "unit_amount": 1}})


def test_currencies_are_added_later(client, shop, both):
    expand = {"expand": ["currency_options"]}
    changed = client.v1.prices.update(both.id, {"currency_options": {"gbp": {"unit_amount": 2500}}, **expand})
    assert set(changed.currency_options.to_dict()) == {"usd", "eur", "gbp"}
    cleared = client.v1.prices.update(both.id, {"currency_options": "", **expand})
    assert set(cleared.currency_options.to_dict()) == {"usd"}


def test_a_tax_behavior_is_settled_once(client, shop):
    price = shop.price(100)
    assert client.v1.prices.update(price.id, {"tax_behavior": "inclusive"}).tax_behavior == "inclusive"
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.prices.update(price.id, {"tax_behavior": "exclusive"})
    assert error.value.param == "tax_behavior"


def test_prices_list_by_currency_and_kind(client, shop, product):
    one_time = client.v1.prices.create({"product": product, "currency": "eur", "unit_amount": 5})
    recurring = shop.price(5, product=product)
    listed = client.v1.prices.list
    assert [one.id for one in listed({"product": product, "currency": "eur"}).data] == [one_time.id]
    assert [one.id for one in listed({"product": product, "type": "one_time"}).data] == [one_time.id]
    wanted = {"product": product, "recurring": {"usage_type": "licensed"}}
    assert [one.id for one in listed(wanted).data] == [recurring.id]


def test_a_product_can_bring_its_default_price(client, received):
    received()
    data = {"currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
    product = client.v1.products.create({"name": "Plan", "default_price_data": data, "expand": ["default_price"]})
    assert (product.default_price.unit_amount, product.default_price.product) == (900, product.id)
    assert received() == ["price.created", "product.created"]
    with pytest.raises(stripe.InvalidRequestError, match="default price of its product"):
        client.v1.prices.update(product.default_price.id, {"active": False})


def test_a_default_price_is_one_of_the_products_own(client, shop, product):
    other, own = shop.price(1), shop.price(1, product=product)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.products.update(product, {"default_price": other.id})
    assert error.value.param == "default_price"
    assert client.v1.products.update(product, {"default_price": own.id}).default_price == own.id
    assert client.v1.products.update(product, {"images": ""}).images == []


def test_an_item_can_bring_its_own_price(shop, product):
    data = {"currency": "usd", "product": product, "recurring": {"interval": "month"}, "unit_amount": 700}
    subscription = shop.subscribe(shop.customer(), items=[{"price_data": data, "quantity": 2}])
    assert subscription.latest_invoice.total == 1400
    assert not subscription["items"].data[0].price.active
