"""The lines of a draft, changed by hand; and many of them."""

import pytest
import stripe


@pytest.fixture
def ada(shop):
    return shop.customer()


@pytest.fixture
def draft(client, ada):
    """A draft of two lines, 10.00 and 20.00."""
    invoice = client.v1.invoices.create({"customer": ada.id, "currency": "usd"})
    return client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000}, {"amount": 2000}]})


def refused(deed, param=None):
    with pytest.raises(stripe.InvalidRequestError) as error:
        deed()
    assert error.value.param == param


def test_lines_are_added_at_the_end(client, shop, draft, received):
    received()
    product = client.v1.products.create({"name": "Setup"}).id
    price = client.v1.prices.create({"product": product, "currency": "usd", "unit_amount": 300})
    item = client.v1.invoice_items.create({"customer": draft.customer, "amount": 7, "currency": "usd"})
    lines = [
        {"pricing": {"price": price.id}, "quantity": 2, "metadata": {"a": "b"}},
        {"price_data": {"currency": "usd", "product": product, "unit_amount": 5}, "description": "Coffee"},
        {"invoice_item": item.id, "description": "Tea"},
    ]
    invoice = client.v1.invoices.add_lines(draft.id, {"lines": lines, "invoice_metadata": {"edited": "yes"}})
    assert [line.amount for line in invoice.lines.data] == [1000, 2000, 600, 5, 7]
    assert [line.description for line in invoice.lines.data][2:] == ["Setup", "Coffee", "Tea"]
    assert (invoice.total, invoice.metadata["edited"], invoice.lines.data[2].metadata["a"]) == (3612, "yes", "b")
    names = received()
    assert names.count("invoiceitem.created") == 3
    assert [name for name in names if name.startswith("invoice.")] == ["invoice.updated"]


def test_lines_are_changed_with_the_items_behind_them(client, draft):
    first, second = draft.lines.data
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    lines = [{"id": first.id, "amount": 500, "tax_rates": [rate.id]}, {"id": second.id, "description": "Work"}]
    invoice = client.v1.invoices.update_lines(draft.id, {"lines": lines, "invoice_metadata": {"a": "b"}})
    assert (invoice.total, invoice.metadata["a"]) == (2550, "b")
    assert [line.id for line in invoice.lines.data] == [first.id, second.id]
    changed = client.v1.invoices.line_items.update(draft.id, second.id, {"amount": 100, "metadata": {"c": "d"}})
    assert (changed.amount, changed.description, changed.metadata["c"]) == (100, "Work", "d")
    item = client.v1.invoice_items.retrieve(changed.parent.invoice_item_details.invoice_item)
    assert (item.amount, item.description) == (100, "Work")
    assert client.v1.invoices.retrieve(draft.id).total == 650


def test_lines_are_removed_for_good_or_for_later(client, draft):
    first, second = draft.lines.data
    lines = [{"id": first.id, "behavior": "delete"}, {"id": second.id, "behavior": "unassign"}]
    invoice = client.v1.invoices.remove_lines(draft.id, {"lines": lines})
    assert (invoice.total, invoice.lines.data) == (0, [])
    (pending,) = client.v1.invoice_items.list({"customer": draft.customer, "pending": True}).data
    assert pending.amount == 2000


def test_a_line_has_discounts_of_its_own(client, draft):
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    invoice = client.v1.invoices.update(draft.id, {"discounts": [{"coupon": coupon.id}]})
    id = draft.lines.data[0].id
    line = client.v1.invoices.line_items.update(draft.id, id, {"discounts": [{"coupon": coupon.id}]})
    assert [one.amount for one in line.discount_amounts] == [100, 90]
    invoice = client.v1.invoices.retrieve(draft.id)
    assert (invoice.total, sum(one.amount for one in invoice.total_discount_amounts)) == (2610, 390)


def test_lines_of_subscriptions_keep_their_price(client, shop, clock, ada):
    subscription = shop.subscribe(ada, shop.price())
    clock.turn(by="1 month")
    invoice = shop.reload(subscription).latest_invoice
    line = invoice.lines.data[0].id
    assert client.v1.invoices.line_items.update(invoice.id, line, {"description": "Plan"}).description == "Plan"
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    client.v1.invoices.line_items.update(invoice.id, line, {"tax_rates": [rate.id], "metadata": {"a": "b"}})
    assert client.v1.invoices.retrieve(invoice.id).total == 10890
    refused(lambda: client.v1.invoices.line_items.update(invoice.id, line, {"amount": 5}), "amount")
    gone = {"lines": [{"id": line, "behavior": "delete"}]}
    refused(lambda: client.v1.invoices.remove_lines(invoice.id, gone), "lines")


def test_wrong_lines_are_refused_by_their_place(client, shop, draft):
    v1 = client.v1.invoices
    foreign = client.v1.invoice_items.create({"customer": shop.customer().id, "amount": 5, "currency": "usd"}).id
    used = draft.lines.data[0].parent.invoice_item_details.invoice_item
    for line, param in (
        ({"amount": 1, "quantity": 2}, "lines[1][quantity]"),
        ({"pricing": {"price": "price_none"}}, "lines[1][pricing][price]"),
        ({"amount": 1, "tax_amounts": [_tax_amount()]}, "lines[1][tax_amounts]"),
        ({"invoice_item": foreign}, "lines[1][invoice_item]"),
        ({"invoice_item": used}, "lines[1][invoice_item]"),
        ({"price_data": {"currency": "usd", "product_data": {"name": "X"}}}, "lines[1][price_data][product_data]"),
    ):
        refused(lambda line=line: v1.add_lines(draft.id, {"lines": [{"amount": 5}, line]}), param)
    refused(lambda: v1.update_lines(draft.id, {"lines": [{"id": "il_none"}]}), "lines[0][id]")
    refused(lambda: v1.line_items.update(draft.id, "il_none", {"amount": 5}), "id")
    assert client.v1.invoices.retrieve(draft.id).total == 3000


def test_a_thousand_lines_are_summed_and_paged(client, ada):
    invoice = client.v1.invoices.create({"customer": ada.id, "currency": "usd"})
    for _ in range(4):
        client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 10} for _ in range(250)]})
    final = client.v1.invoices.finalize_invoice(invoice.id)
    assert (final.total, len(final.lines.data), final.lines.has_more) == (10_000, 10, True)
    page = client.v1.invoices.line_items.list(invoice.id, {"limit": 100, "starting_after": final.lines.data[9].id})
    assert (len(page.data), page.has_more) == (100, True)


def _tax_amount():
    rate = {"display_name": "VAT", "percentage": 10, "inclusive": False}
    return {"amount": 1, "taxable_amount": 10, "tax_rate_data": rate}
