"""Previews of invoice items: with a subscription, and without one."""

import pytest
import stripe


@pytest.fixture
def ada(shop):
    return shop.customer()


def amounts(preview):
    return [line.amount for line in preview.lines.data]


def test_items_can_be_tried_out_on_the_next_invoice(client, shop, ada):
    subscription = shop.subscribe(ada, shop.price())
    product = client.v1.products.create({"name": "Setup"}).id
    price = client.v1.prices.create({"product": product, "currency": "usd", "unit_amount": 300})
    pending = client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd"})
    items = [
        {"invoiceitem": pending.id, "amount": 800},
        {"price": price.id, "quantity": 2},
        {"unit_amount": 50, "quantity": 3, "currency": "usd"},
    ]
    params = {"customer": ada.id, "subscription": subscription.id, "invoice_items": items}
    assert sorted(amounts(client.v1.invoices.create_preview(params))) == [150, 600, 800, 9900]
    (left,) = client.v1.invoice_items.list({"pending": True}).data
    assert (left.id, left.amount) == (pending.id, 700)


def test_items_come_along_with_a_new_subscription(client, shop, ada):
    details = {"items": [{"price": shop.price().id}]}
    items = [{"amount": 500, "currency": "usd"}]
    params = {"customer": ada.id, "subscription_details": details, "invoice_items": items}
    assert client.v1.invoices.create_preview(params).total == 10400


def test_without_a_subscription_all_that_is_pending_is_shown(client, ada):
    client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd"})
    preview = client.v1.invoices.create_preview({"customer": ada.id, "invoice_items": [{"amount": 300}]})
    assert (amounts(preview), preview.billing_reason, preview.status) == ([700, 300], "upcoming", "draft")
    stranger = {"currency": "eur", "invoice_items": [{"amount": 300}]}
    assert client.v1.invoices.create_preview(stranger).currency == "eur"


def test_nothing_to_preview_is_said_so(client, shop, ada):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoices.create_preview({"customer": ada.id})
    assert error.value.code == "invoice_upcoming_none"
    foreign = client.v1.invoice_items.create({"customer": shop.customer().id, "amount": 7, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoices.create_preview({"customer": ada.id, "invoice_items": [{"invoiceitem": foreign.id}]})
    assert error.value.param == "invoice_items[invoiceitem]"
