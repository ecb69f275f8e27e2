"""Coupons, promotion codes and tax rates on invoices."""

import pytest
import stripe

from tests.sandbox.shop import amounts


def coupon(client, **params):
    return client.v1.coupons.create({"duration": "once", **params}).id


def test_a_percentage_is_taken_off_each_line(shop, client):
    discounts = [{"coupon": coupon(client, percent_off=12.5)}]
    subscription = shop.subscribe(shop.customer(), shop.price(999), shop.price(1001), discounts=discounts)
    invoice = subscription.latest_invoice
    assert [line.discount_amounts[0].amount for line in invoice.lines.data] == [125, 125]
    assert (invoice.subtotal, invoice.total_discount_amounts[0].amount, invoice.total) == (2000, 250, 1750)


def test_an_amount_is_split_over_the_lines_to_the_last_cent(shop, client):
    discounts = [{"coupon": coupon(client, amount_off=1000, currency="usd")}]
    prices = [shop.price(333), shop.price(333), shop.price(1334)]
    invoice = shop.subscribe(shop.customer(), *prices, discounts=discounts).latest_invoice
    assert sum(line.discount_amounts[0].amount for line in invoice.lines.data) == 1000
    assert invoice.total == 1000


def test_more_off_than_it_costs_makes_it_free(shop, client):
    discounts = [{"coupon": coupon(client, amount_off=50000, currency="usd")}]
    subscription = shop.subscribe(shop.customer(), shop.price(9900), discounts=discounts)
    assert (subscription.status, subscription.latest_invoice.total) == ("active", 0)


def test_once_repeating_and_forever_last_as_long_as_they_say(shop, client, clock):
    customer, price = shop.customer(), shop.price(1000)
    durations = [
        ({"duration": "once"}, [500, 1000, 1000, 1000]),
        ({"duration": "repeating", "duration_in_months": 2}, [500, 500, 1000, 1000]),
        ({"duration": "forever"}, [500, 500, 500, 500]),
    ]
    subscriptions = [
        (shop.subscribe(customer, price, discounts=[{"coupon": coupon(client, percent_off=50, **duration)}]), totals)
        for duration, totals in durations
    ]
    clock.turn(by="100 days")
    for subscription, totals in subscriptions:
        assert [invoice.total for invoice in shop.invoices(subscription)] == totals


def test_discounts_apply_one_after_the_other(shop, client):
    discounts = [{"coupon": coupon(client, percent_off=50)}, {"coupon": coupon(client, amount_off=100, currency="usd")}]
    assert shop.subscribe(shop.customer(), shop.price(1000), discounts=discounts).latest_invoice.total == 400


def test_a_coupon_can_be_for_some_products_only(shop, client):
    cheap, dear = shop.price(1000), shop.price(5000)
    only = coupon(client, percent_off=50, applies_to={"products": [cheap.product]})
    invoice = shop.subscribe(shop.customer(), cheap, dear, discounts=[{"coupon": only}]).latest_invoice
    assert invoice.total == 5500


def test_a_promotion_code_is_found_whatever_its_case_and_used_up(shop, client):
    half = coupon(client, percent_off=50)
    promotion = {"type": "coupon", "coupon": half}
    code = client.v1.promotion_codes.create({"promotion": promotion, "code": "WELCOME", "max_redemptions": 1})
    params = {"code": "welcome", "active": True, "expand": ["data.promotion.coupon"]}
    (found,) = client.v1.promotion_codes.list(params).data
    assert (found.id, found.promotion.coupon.percent_off) == (code.id, 50)
    discounts = [{"promotion_code": code.id}]
    expand = ["discounts.source.coupon", "discounts.promotion_code"]
    subscription = shop.subscribe(shop.customer(), shop.price(), discounts=discounts, trial_period_days=7)
    shown = client.v1.subscriptions.retrieve(subscription.id, {"expand": expand})
    assert shown.discounts[0].promotion_code.code == "WELCOME"
    assert shown.discounts[0].source.coupon.id == half
    with pytest.raises(stripe.InvalidRequestError, match="fully redeemed"):
        shop.subscribe(shop.customer(), shop.price(), discounts=discounts)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.promotion_codes.create({"promotion": promotion, "code": "Welcome"})
    assert error.value.code == "resource_already_exists"


@pytest.mark.parametrize("wrong", ["expired", "inactive", "somebody", "returning"])
def test_a_promotion_code_is_not_for_everybody(shop, client, clock, wrong):
    params = {
        "expired": {"expires_at": clock.now() + 60},
        "inactive": {"active": False},
        "somebody": {"customer": shop.customer().id},
        "returning": {"restrictions": {"first_time_transaction": True}},
    }[wrong]
    promotion = {"type": "coupon", "coupon": coupon(client, percent_off=50)}
    code = client.v1.promotion_codes.create({"promotion": promotion, **params})
    customer = shop.customer()
    shop.subscribe(customer, shop.price())
    clock.turn(by="100")
    items = [{"price": shop.price().id}]
    preview = {"customer": customer.id, "subscription_details": {"items": items}}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.create_preview({**preview, "discounts": [{"promotion_code": code.id}]})


def test_a_minimum_amount_is_asked_for(shop, client):
    restrictions = {"minimum_amount": 5000, "minimum_amount_currency": "usd"}
    promotion = {"type": "coupon", "coupon": coupon(client, percent_off=50)}
    code = client.v1.promotion_codes.create({"promotion": promotion, "restrictions": restrictions})
    discounts = [{"promotion_code": code.id}]
    with pytest.raises(stripe.InvalidRequestError, match="minimum"):
        shop.subscribe(shop.customer(), shop.price(4999), discounts=discounts)
    assert shop.subscribe(shop.customer(), shop.price(5000), discounts=discounts).latest_invoice.total == 2500


def test_used_up_coupons_are_refused(shop, client):
    used = coupon(client, percent_off=50, max_redemptions=1)
    shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": used}])
    assert not client.v1.coupons.retrieve(used).valid
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": used}])
    assert error.value.code == "coupon_expired"


def test_discounts_can_be_given_and_taken_later(shop, client, clock):
    subscription = shop.subscribe(shop.customer(), shop.price(1000))
    forever = coupon(client, percent_off=10, duration="forever")
    client.v1.subscriptions.update(subscription.id, {"discounts": [{"coupon": forever}]})
    clock.turn(by="32 days")
    assert shop.invoices(subscription)[-1].total == 900
    assert client.v1.subscriptions.update(subscription.id, {"discounts": ""}).discounts == []


@pytest.mark.parametrize(("inclusive", "total", "tax"), [(False, 10710, 1710), (True, 9000, 1437)])
def test_tax_is_on_the_discounted_amount(shop, client, inclusive, total, tax):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": inclusive})
    ten = coupon(client, percent_off=10)
    more = {"default_tax_rates": [rate.id], "discounts": [{"coupon": ten}]}
    invoice = shop.subscribe(shop.customer(), shop.price(10000), **more).latest_invoice
    assert (invoice.total, invoice.total_taxes[0].amount) == (total, tax)
    assert invoice.total_taxes[0].tax_rate_details.tax_rate == rate.id
    assert invoice.total_excluding_tax == (9000 if not inclusive else 7563)
    assert invoice.amount_paid == total


def test_an_items_own_tax_rates_win(shop, client):
    rates = [
        client.v1.tax_rates.create({"display_name": "VAT", "percentage": percentage, "inclusive": False}).id
        for percentage in (19, 7)
    ]
    items = [{"price": shop.price(1000).id}, {"price": shop.price(1000).id, "tax_rates": [rates[1]]}]
    invoice = shop.subscribe(shop.customer(), items=items, default_tax_rates=[rates[0]]).latest_invoice
    assert [line.taxes[0].amount for line in invoice.lines.data] == [190, 70]
    assert amounts(invoice) == [1000, 1000]
    assert invoice.total == 2260
