"""Discounts of customers, subscriptions and items: given, inherited, taken away, over in time; and the codes for them."""

import pytest
import requests
import stripe

from tests.sandbox.shop import amounts


@pytest.fixture
def coupon(client):
    def create(**params):
        if "amount_off" not in params:
            params = {"percent_off": 50, **params}
        return client.v1.coupons.create({"duration": "forever", **params}).id

    return create


@pytest.fixture
def give(url):
    """What somebody does in Stripe's Dashboard."""

    def post(customer, **wish):
        return requests.post(f"{url}/_sandbox/customers/{customer.id}/discount", json=wish)

    return post


def test_a_subscription_without_discounts_inherits_its_customers(shop, coupon, give, clock, client):
    customer = shop.customer()
    assert give(customer, coupon=coupon()).json()["customer"] == customer.id
    assert client.v1.customers.retrieve(customer.id, {"expand": ["discount.source.coupon"]}).discount.source.coupon
    inherits = shop.subscribe(customer, shop.price(1000))
    own = shop.subscribe(customer, shop.price(1000), discounts=[{"coupon": coupon(percent_off=10)}])
    assert (inherits.latest_invoice.total, own.latest_invoice.total, inherits.discounts) == (500, 900, [])
    client.v1.customers.delete_discount(customer.id)
    clock.turn(by="32 days")
    assert [one.total for one in shop.invoices(inherits)] == [500, 1000]


def test_a_customers_discount_comes_changes_and_goes(shop, coupon, give, client, received):
    customer = shop.customer()
    received()
    give(customer, coupon=coupon())
    give(customer, coupon=coupon())
    assert [name for name in received() if "coupon" not in name] == [
        "customer.discount.created",
        "customer.updated",
        "customer.discount.updated",
        "customer.updated",
    ]
    discount = client.v1.customers.retrieve(customer.id).discount
    gone = client.v1.customers.delete_discount(customer.id)
    assert (gone.deleted, gone.id) == (True, discount.id)
    assert received() == ["customer.discount.deleted", "customer.updated"]
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.delete_discount(customer.id)
    assert (error.value.http_status, error.value.code) == (404, "resource_missing")


def test_what_cannot_be_given_is_refused(shop, give):
    refused = give(shop.customer(), coupon="nope")
    assert (refused.status_code, "No such coupon" in refused.json()["error"]) == (400, True)


def test_a_customers_once_is_used_up_by_the_first_invoice(shop, coupon, give, clock, client):
    customer = shop.customer()
    give(customer, coupon=coupon(duration="once"))
    subscription = shop.subscribe(customer, shop.price(1000))
    assert client.v1.customers.retrieve(customer.id).discount is None
    clock.turn(by="32 days")
    assert [one.total for one in shop.invoices(subscription)] == [500, 1000]


def test_the_discounts_of_a_subscription_can_be_deleted(shop, coupon, client, received):
    discounts = [{"coupon": coupon()}, {"coupon": coupon(percent_off=10)}]
    subscription = shop.subscribe(shop.customer(), shop.price(), discounts=discounts)
    received()
    assert client.v1.subscriptions.delete_discount(subscription.id).deleted
    assert shop.reload(subscription).discounts == []
    assert received().count("customer.discount.deleted") == 2
    with pytest.raises(stripe.InvalidRequestError, match="No active discount"):
        client.v1.subscriptions.delete_discount(subscription.id)


def test_replaced_discounts_are_told_of_as_deleted(shop, coupon, client, received):
    subscription = shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": coupon()}])
    new = coupon(percent_off=20)
    received()
    client.v1.subscriptions.update(subscription.id, {"discounts": [{"coupon": new}]})
    assert received() == ["customer.discount.created", "customer.discount.deleted", "customer.subscription.updated"]
    same = [{"discount": shop.reload(subscription).discounts[0]}]
    client.v1.subscriptions.update(subscription.id, {"discounts": same})
    assert received() == []


def test_some_months_end_between_two_invoices(shop, coupon, clock, received):
    months = coupon(duration="repeating", duration_in_months=3)
    subscription = shop.subscribe(shop.customer(), shop.price(1200, "year"), discounts=[{"coupon": months}])
    received()
    clock.turn(by="80 days")
    assert received() == []
    clock.turn(by="20 days")
    assert received() == ["customer.discount.deleted", "customer.subscription.updated"]
    assert shop.reload(subscription).discounts == []


def test_an_item_can_have_its_own_discounts(shop, coupon, client, clock):
    cheap, dear = shop.price(1000), shop.price(2000)
    items = [{"price": cheap.id, "discounts": [{"coupon": coupon()}]}, {"price": dear.id}]
    all_of_it = [{"coupon": coupon(percent_off=10)}]
    subscription = shop.subscribe(shop.customer(), items=items, discounts=all_of_it)
    assert subscription.latest_invoice.total == 450 + 1800
    first = subscription["items"].data[0]
    assert len(first.discounts) == 1
    changed = client.v1.subscriptions.update(subscription.id, {"items": [{"id": first.id, "discounts": ""}]})
    assert changed["items"].data[0].discounts == []
    clock.turn(by="32 days")
    assert shop.invoices(subscription)[-1].total == 2700


def test_somebody_elses_discount_cannot_be_taken(shop, coupon):
    other = shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": coupon()}])
    with pytest.raises(stripe.InvalidRequestError, match="No such discount"):
        shop.subscribe(shop.customer(), shop.price(), discounts=[{"discount": other.discounts[0]}])


def test_a_coupon_takes_off_its_amount_in_the_subscriptions_currency(shop, coupon, client):
    euros = {"eur": {"amount_off": 200}}
    both, dollars = (
        coupon(amount_off=300, currency="usd", currency_options=euros),
        coupon(amount_off=300, currency="usd"),
    )
    price = shop.price(1000, currency_options={"eur": {"unit_amount": 900}})
    subscription = shop.subscribe(shop.customer(), price, currency="eur", discounts=[{"coupon": both}])
    assert subscription.latest_invoice.total == 700
    with pytest.raises(stripe.InvalidRequestError, match="has no amount in eur"):
        shop.subscribe(shop.customer(), price, currency="eur", discounts=[{"coupon": dollars}])
    client.v1.coupons.update(dollars, {"currency_options": euros, "name": "Euros too"})
    shown = client.v1.coupons.retrieve(dollars, {"expand": ["currency_options"]})
    assert (shown.name, shown.currency_options["eur"].amount_off) == ("Euros too", 200)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_off": 0, "currency": "usd"},
        {"currency_options": {"eur": {"amount_off": 1}}},
        {"redeem_by": 1_700_000_000},
        {"max_redemptions": 0},
        {"applies_to": {"products": ["prod_nope"]}},
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(coupon, wrong):
    with pytest.raises(stripe.InvalidRequestError):
        coupon(**wrong)


def test_a_deleted_coupon_is_gone_and_its_discounts_go_on(shop, coupon, client, clock):
    id = coupon()
    subscription = shop.subscribe(shop.customer(), shop.price(1000), discounts=[{"coupon": id}])
    assert client.v1.coupons.delete(id).deleted
    for call in (client.v1.coupons.retrieve, client.v1.coupons.delete):
        with pytest.raises(stripe.InvalidRequestError) as error:
            call(id)
        assert (error.value.http_status, error.value.code) == (404, "resource_missing")
    assert client.v1.coupons.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": id}])
    assert (error.value.code, error.value.param) == ("resource_missing", "discounts[0][coupon]")
    clock.turn(by="32 days")
    assert [one.total for one in shop.invoices(subscription)] == [500, 500]


def test_a_coupon_is_no_longer_valid_after_its_day(coupon, client, clock, shop):
    id = coupon(redeem_by=clock.now() + 86400)
    code = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": id}, "code": "DAY"})
    clock.turn(by="2 days")
    assert not client.v1.coupons.retrieve(id).valid
    assert not client.v1.promotion_codes.retrieve(code.id).active
    assert client.v1.promotion_codes.list({"code": "day", "active": True}).data == []
    for wish in ({"coupon": id}, {"promotion_code": code.id}):
        with pytest.raises(stripe.InvalidRequestError) as error:
            shop.subscribe(shop.customer(), shop.price(), discounts=[wish])
        assert error.value.code == "coupon_expired"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "not a word"},
        {"expires_at": 1_700_000_000},
        {"max_redemptions": 9},
        {"customer": "cus_nope"},
        {"restrictions": {"minimum_amount": 100}},
        {"promotion": {"type": "coupon", "coupon": "nope"}},
    ],
)
def test_a_promotion_code_that_makes_no_sense_is_refused(client, coupon, wrong):
    promotion = {"type": "coupon", "coupon": coupon(max_redemptions=5)}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.promotion_codes.create({"promotion": promotion, **wrong})


def test_a_code_is_free_again_once_it_is_switched_off(client, coupon):
    params = {"promotion": {"type": "coupon", "coupon": coupon()}, "code": "SPRING"}
    first = client.v1.promotion_codes.create(params)
    assert client.v1.promotion_codes.update(first.id, {"active": False, "metadata": {"a": "b"}}).active is False
    client.v1.promotion_codes.create({**params, "code": "spring"})
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.promotion_codes.update(first.id, {"active": True})
    assert error.value.code == "resource_already_exists"


def test_a_minimum_is_in_the_currency_of_the_purchase(client, coupon, shop):
    restrictions = {"minimum_amount": 5000, "minimum_amount_currency": "usd"}
    params = {"promotion": {"type": "coupon", "coupon": coupon()}, "restrictions": restrictions}
    code = client.v1.promotion_codes.create(params)
    price = shop.price(6000, currency_options={"eur": {"unit_amount": 4000}})

    def subscribe():
        discounts = [{"promotion_code": code.id}]
        return shop.subscribe(shop.customer(), price, currency="eur", discounts=discounts)

    with pytest.raises(stripe.InvalidRequestError, match="not in eur"):
        subscribe()
    options = {"eur": {"minimum_amount": 4000}}
    client.v1.promotion_codes.update(code.id, {"restrictions": {"currency_options": options}})
    assert amounts(subscribe().latest_invoice) == [4000]
    assert subscribe().latest_invoice.total == 2000
