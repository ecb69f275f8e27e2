"""Products, prices, meters."""

import pytest
import stripe


def test_a_lookup_key_moves_to_the_new_price(client, shop, received):
    old = shop.price(2900, lookup_key="starter")
    with pytest.raises(stripe.InvalidRequestError):
        shop.price(3900, lookup_key="starter")
    received()
    new = shop.price(3900, lookup_key="starter", transfer_lookup_key=True, product=old.product)
    assert received() == ["price.updated", "price.created"]
    params = {"active": True, "lookup_keys": ["starter", "other"], "expand": ["data.product"]}
    (found,) = client.v1.prices.list(params).data
    assert (found.id, found.product.name) == (new.id, "Growth")
    assert client.v1.prices.retrieve(old.id).lookup_key is None


def test_fractions_of_a_cent_are_kept_exactly(client, shop):
    price = shop.price(unit_amount_decimal="0.0400")
    assert (str(price.unit_amount_decimal), price.unit_amount) == ("0.04", None)
    whole = shop.price(unit_amount_decimal="2900")
    assert (whole.unit_amount, str(whole.unit_amount_decimal)) == (2900, "2900")


def test_prices_list_by_product_and_interval(client, shop):
    monthly = shop.price(2900)
    yearly = shop.price(29000, "year", product=monthly.product)
    shop.price(1)
    listed = client.v1.prices.list({"product": monthly.product, "type": "recurring"}).data
    assert [price.id for price in listed] == [yearly.id, monthly.id]
    wanted = {"product": monthly.product, "recurring": {"interval": "year"}}
    assert [price.id for price in client.v1.prices.list(wanted).data] == [yearly.id]


def test_an_archived_price_cannot_be_subscribed_to(client, shop):
    price = shop.price()
    assert client.v1.prices.update(price.id, {"active": False, "nickname": "old"}).active is False
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.subscribe(shop.customer(), price)


def test_products_take_their_own_ids_once(client):
    product = client.v1.products.create({"id": "growth", "name": "Growth", "marketing_features": [{"name": "Views"}]})
    assert product.id == "growth"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.products.create({"id": "growth", "name": "Again"})
    changed = client.v1.products.update("growth", {"active": False, "metadata": {"plan": "growth"}})
    assert (changed.active, changed.metadata["plan"]) == (False, "growth")
    assert client.v1.products.delete("growth").deleted


def test_a_product_with_prices_stays(client, shop):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.products.delete(shop.price().product)


def test_a_price_can_bring_its_product(client):
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 500, "product_data": {"name": "Book"}})
    assert (price.type, price.recurring) == ("one_time", None)
    assert client.v1.products.retrieve(price.product).name == "Book"


def test_currency_options_and_tiers_appear_when_asked_for(client, shop):
    options = {"eur": {"unit_amount": 2500}}
    price = shop.price(2900, currency_options=options)
    assert "currency_options" not in price
    shown = client.v1.prices.retrieve(price.id, {"expand": ["currency_options"]})
    assert shown.currency_options["eur"].unit_amount == 2500


@pytest.mark.parametrize(("mode", "total"), [("graduated", 10 * 100 + 5 * 50), ("volume", 15 * 50)])
def test_tiers_add_up(client, mode, total, shop):
    product = client.v1.products.create({"name": "Seats"})
    tiers = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
    params = {"product": product.id, "currency": "usd", "recurring": {"interval": "month"}, "billing_scheme": "tiered"}
    price = client.v1.prices.create({**params, "tiers_mode": mode, "tiers": tiers})
    invoice = shop.subscribe(shop.customer(), items=[{"price": price.id, "quantity": 15}]).latest_invoice
    assert invoice.total == total


@pytest.fixture
def meter(client):
    formula = {"formula": "sum"}
    return client.v1.billing.meters.create(
        {"display_name": "API calls", "event_name": "api_calls", "default_aggregation": formula}
    )


def test_usage_is_billed_after_the_period(client, shop, clock, meter):
    price = shop.price(unit_amount_decimal="0.5", recurring={"usage_type": "metered", "meter": meter.id})
    customer = shop.customer()
    subscription = shop.subscribe(customer, price)
    for number, value in enumerate(("250", "150.4")):
        payload = {"stripe_customer_id": customer.id, "value": value}
        params = {"event_name": "api_calls", "payload": payload, "identifier": f"usage-{number}"}
        client.v1.billing.meter_events.create(params)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.billing.meter_events.create(params)
    clock.turn(by="32 days")
    (invoice,) = shop.invoices(subscription)
    (line,) = invoice.lines.data
    assert (line.quantity, line.amount, invoice.status) == (400, 200, "paid")
    assert line.period.start == subscription.start_date
    clock.turn(by="1 month")
    assert shop.invoices(subscription)[-1].total == 0


def test_meters_are_switched_off_and_on(client, meter, received):
    assert client.v1.billing.meters.update(meter.id, {"display_name": "Calls"}).display_name == "Calls"
    assert client.v1.billing.meters.deactivate(meter.id).status == "inactive"
    payload = {"stripe_customer_id": "x", "value": "1"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.billing.meter_events.create({"event_name": "api_calls", "payload": payload})
    assert client.v1.billing.meters.reactivate(meter.id).status_transitions.deactivated_at is None
    assert received() == [
        "billing.meter.created",
        "billing.meter.updated",
        "billing.meter.deactivated",
        "billing.meter.reactivated",
    ]
    assert [one.id for one in client.v1.billing.meters.list({"status": "active"}).data] == [meter.id]


def test_a_metered_item_takes_no_quantity(shop, meter):
    price = shop.price(unit_amount_decimal="1", recurring={"usage_type": "metered", "meter": meter.id})
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.subscribe(shop.customer(), items=[{"price": price.id, "quantity": 2}])
    assert error.value.param == "items[0][quantity]"
