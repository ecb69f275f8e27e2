"""Invoice items: what they cost, how they wait, and which invoice takes them up."""

import pytest
import stripe


@pytest.fixture
def fee(client, shop):
    """A one-time price of 12.50."""
    product = client.v1.products.create({"name": "Setup"})
    return client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1250})


@pytest.fixture
def ada(shop):
    return shop.customer()


def types(client, *prefixes):
    names = [event.type for event in client.v1.events.list({"limit": 100}).auto_paging_iter()][::-1]
    return [name for name in names if name.startswith(prefixes)]


def test_an_amount_waits_for_an_invoice(client, ada):
    item = client.v1.invoice_items.create(
        {"customer": ada.id, "amount": 700, "currency": "usd", "description": "Help", "metadata": {"hours": "2"}}
    )
    assert (item.amount, item.quantity, item.invoice, item.proration, item.discountable) == (700, 1, None, False, True)
    assert (item.description, item.metadata["hours"], item.net_amount) == ("Help", "2", None)
    assert item.period.start == item.period.end == item.date
    assert client.v1.customers.retrieve(ada.id).currency == "usd"
    assert types(client, "invoiceitem.") == ["invoiceitem.created"]


@pytest.mark.parametrize(
    ("params", "amount", "quantity"),
    [
        ({"quantity": 3}, 3750, 3),
        ({"quantity_decimal": "2.5"}, 3125, 2),
        ({"quantity": 0}, 0, 0),
    ],
)
def test_a_price_is_multiplied_by_its_quantity(client, ada, fee, params, amount, quantity):
    item = client.v1.invoice_items.create({"customer": ada.id, "pricing": {"price": fee.id}, **params})
    assert (item.amount, item.quantity, item.description) == (amount, quantity, "Setup")
    assert item.pricing.price_details.price == fee.id


def test_units_may_have_fractions_of_a_cent(client, ada):
    params = {"customer": ada.id, "currency": "usd", "unit_amount_decimal": "0.35", "quantity": 10}
    assert client.v1.invoice_items.create(params).amount == 4  # 3.5, half up


def test_a_price_can_be_made_on_the_way(client, ada, fee):
    data = {"currency": "usd", "product": fee.product, "unit_amount": 333}
    item = client.v1.invoice_items.create({"customer": ada.id, "price_data": data, "quantity": 2})
    assert item.amount == 666
    assert not client.v1.prices.retrieve(item.pricing.price_details.price).active


def test_a_negative_amount_is_a_credit_without_discounts(client, ada):
    item = client.v1.invoice_items.create({"customer": ada.id, "amount": -500, "currency": "usd"})
    assert (item.discountable, item.net_amount) == (False, -500)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"amount": 5, "currency": "usd", "quantity": 2}, "quantity"),
        ({"amount": 5, "currency": "usd", "unit_amount_decimal": "1"}, "unit_amount_decimal"),
        ({"unit_amount_decimal": "1", "currency": "usd", "quantity": -1}, "quantity"),
        ({"unit_amount_decimal": "1", "currency": "usd", "quantity": 1, "quantity_decimal": "1"}, "quantity"),
        ({"pricing": {"price": "price_none"}, "currency": "usd"}, "pricing[price]"),
        ({"amount": 5, "currency": "usd", "period": {"start": 10, "end": 9}}, "period[end]"),
        ({"amount": 5, "currency": "usd", "tax_rates": ["txr_none"]}, "tax_rates[0]"),
        ({"amount": 5, "currency": "usd", "tax_code": "txcd_1"}, "tax_code"),
        ({"amount": 5, "currency": "usd", "invoice": "in_none"}, "invoice"),
        ({"amount": 5, "currency": "usd", "customer": "cus_none"}, "customer"),
        ({"amount": 5, "currency": "usd", "subscription": "sub_none"}, "subscription"),
        ({"amount": 5, "currency": "usd", "discounts": [{"coupon": "none"}]}, "discounts[0][coupon]"),
    ],
)
def test_what_makes_no_item_is_refused(client, ada, params, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoice_items.create({"customer": ada.id, **params})
    assert error.value.param == param
    assert client.v1.invoice_items.list({"customer": ada.id}).data == []


def test_it_needs_a_customer_an_amount_and_a_currency(client, box, ada):
    whole = {"customer": ada.id, "amount": 5, "currency": "usd"}
    for param in whole:
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.invoice_items.create({name: value for name, value in whole.items() if name != param})
        assert (error.value.param, error.value.code) == (param, "parameter_missing")
    box.observation.violations.clear()


def test_recurring_and_inactive_prices_are_refused(client, shop, ada, fee):
    client.v1.prices.update(fee.id, {"active": False})
    for price in (shop.price(), fee):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.invoice_items.create({"customer": ada.id, "currency": "usd", "pricing": {"price": price.id}})
        assert error.value.param == "pricing[price]"


def test_one_customer_is_billed_in_one_currency(client, ada):
    client.v1.invoice_items.create({"customer": ada.id, "amount": 5, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoice_items.create({"customer": ada.id, "amount": 5, "currency": "eur"})
    assert error.value.param == "currency"


def test_a_pending_item_can_be_changed_and_deleted(client, ada, fee):
    item = client.v1.invoice_items.create({"customer": ada.id, "pricing": {"price": fee.id}, "quantity": 2})
    changed = client.v1.invoice_items.update(
        item.id, {"quantity": 4, "description": "Setup, twice", "metadata": {"a": "b"}, "discountable": False}
    )
    assert (changed.amount, changed.description, changed.net_amount) == (5000, "Setup, twice", 5000)
    assert client.v1.invoice_items.update(item.id, {"unit_amount_decimal": "10"}).amount == 40
    assert client.v1.invoice_items.update(item.id, {"quantity": 5}).amount == 50
    assert client.v1.invoice_items.update(item.id, {"amount": 99}).quantity == 1
    assert client.v1.invoice_items.delete(item.id).deleted
    assert client.v1.invoice_items.list({"customer": ada.id}).data == []
    assert types(client, "invoiceitem.") == ["invoiceitem.created", "invoiceitem.deleted"]


def test_the_next_invoice_of_a_subscription_takes_up_what_is_pending(client, shop, clock, ada):
    subscription = shop.subscribe(ada, shop.price())
    item = client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd"})
    clock.turn(by="1 month")
    invoice = shop.invoices(subscription)[-1]
    assert [line.amount for line in invoice.lines.data] == [700, 9900]
    assert invoice.lines.data[0].parent.invoice_item_details.invoice_item == item.id
    assert client.v1.invoice_items.retrieve(item.id).invoice == invoice.id
    clock.turn(by="1 month")
    assert [line.amount for line in shop.invoices(subscription)[-1].lines.data] == [9900]


def test_the_first_invoice_of_a_subscription_takes_it_up_as_well(client, shop, ada):
    client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd"})
    assert shop.subscribe(ada, shop.price()).latest_invoice.total == 10600


def test_an_item_of_a_subscription_waits_for_that_one(client, shop, clock, ada):
    price = shop.price()
    first, second = shop.subscribe(ada, price), shop.subscribe(ada, price)
    item = client.v1.invoice_items.create(
        {"customer": ada.id, "amount": 700, "currency": "usd", "subscription": second.id}
    )
    assert item.parent.subscription_details.subscription == second.id
    clock.turn(by="1 month")
    assert [shop.invoices(one)[-1].total for one in (first, second)] == [9900, 10600]


def test_a_preview_shows_what_is_pending(client, shop, ada):
    subscription = shop.subscribe(ada, shop.price())
    client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd"})
    preview = client.v1.invoices.create_preview({"customer": ada.id, "subscription": subscription.id})
    assert (preview.total, [line.amount for line in preview.lines.data]) == (10600, [700, 9900])


def test_an_item_can_be_put_on_a_draft(client, shop, clock, ada):
    subscription = shop.subscribe(ada, shop.price())
    clock.turn(by="1 month")
    draft = shop.reload(subscription).latest_invoice
    item = client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd", "invoice": draft.id})
    assert item.invoice == draft.id
    assert client.v1.invoices.retrieve(draft.id).total == 10600
    client.v1.invoice_items.update(item.id, {"amount": 800})
    assert client.v1.invoices.retrieve(draft.id).total == 10700
    clock.turn(by="2 hours")
    assert client.v1.invoices.retrieve(draft.id).amount_paid == 10700
    for refused in (
        lambda: client.v1.invoice_items.delete(item.id),
        lambda: client.v1.invoice_items.update(item.id, {"amount": 1}),
        lambda: client.v1.invoice_items.create(
            {"customer": ada.id, "amount": 7, "currency": "usd", "invoice": draft.id}
        ),
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            refused()
        assert error.value.code == "invoice_not_editable"


def test_an_item_leaves_its_draft_when_it_is_deleted(client, shop, clock, ada):
    subscription = shop.subscribe(ada, shop.price())
    clock.turn(by="1 month")
    draft = shop.reload(subscription).latest_invoice
    item = client.v1.invoice_items.create({"amount": 700, "invoice": draft.id, "customer": ada.id})
    client.v1.invoice_items.delete(item.id)
    assert client.v1.invoices.retrieve(draft.id).total == 9900


def test_invoices_and_items_must_belong_to_one_customer(client, shop, clock, ada):
    subscription = shop.subscribe(ada, shop.price())
    clock.turn(by="1 month")
    draft = shop.reload(subscription).latest_invoice
    other = shop.customer()
    for owner in ({"invoice": draft.id}, {"subscription": subscription.id}):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.invoice_items.create({"customer": other.id, "amount": 7, "currency": "usd", **owner})
        assert error.value.param in owner
    client.v1.subscriptions.cancel(subscription.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoice_items.create(
            {"customer": ada.id, "amount": 7, "currency": "usd", "subscription": subscription.id}
        )


def test_an_item_has_its_own_discount_and_tax(client, shop, clock, ada):
    subscription = shop.subscribe(ada, shop.price())
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    item = client.v1.invoice_items.create(
        {
            "customer": ada.id,
            "amount": 1000,
            "currency": "usd",
            "tax_rates": [rate.id],
            "discounts": [{"coupon": coupon.id}],
            "expand": ["discounts"],
        }
    )
    assert item.discounts[0].invoice_item == item.id
    clock.turn(by="1 month")
    invoice = shop.invoices(subscription)[-1]
    line, plan = invoice.lines.data
    assert ([one.amount for one in line.discount_amounts], [one.amount for one in line.taxes]) == ([500], [50])
    assert plan.taxes == []
    assert (invoice.subtotal, invoice.total) == (10900, 9900 + 550)
    changed = client.v1.invoice_items.create({"customer": ada.id, "amount": 1000, "tax_rates": [rate.id]})
    assert client.v1.invoice_items.update(changed.id, {"tax_rates": "", "discounts": ""}).tax_rates == []


def test_lists_tell_pending_from_invoiced(client, shop, clock, ada):
    shop.subscribe(ada, shop.price())
    first = client.v1.invoice_items.create({"customer": ada.id, "amount": 1, "currency": "usd"})
    clock.turn(by="1 month")
    second = client.v1.invoice_items.create({"customer": ada.id, "amount": 2, "currency": "usd"})
    invoice = client.v1.invoice_items.retrieve(first.id).invoice

    def listed(**filters):
        return [one.id for one in client.v1.invoice_items.list({"customer": ada.id, **filters}).data]

    assert listed() == [second.id, first.id]
    assert (listed(pending=True), listed(pending=False)) == ([second.id], [first.id])
    assert listed(invoice=invoice) == [first.id]
    assert listed(created={"gt": first.date}) == [second.id]
    assert listed(created=first.date) == [first.id]
