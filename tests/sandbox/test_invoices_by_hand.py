"""Invoices made by hand: drawn up, changed, finalized, sent, paid, deleted."""

import pytest
import stripe


@pytest.fixture
def ada(shop):
    return shop.customer()


@pytest.fixture
def draft(client, ada):
    """A draft of 30.00 in two lines."""

    def make(customer=ada, **params):
        invoice = client.v1.invoices.create({"customer": customer.id, "currency": "usd", **params})
        lines = [{"amount": 1000, "description": "Setup"}, {"amount": 2000, "description": "Training"}]
        return client.v1.invoices.add_lines(invoice.id, {"lines": lines})

    return make


def refused(deed, code=None, param=None):
    with pytest.raises(stripe.InvalidRequestError) as error:
        deed()
    assert (code, param) == (error.value.code if code else None, error.value.param if param else None)


def test_a_draft_waits_for_what_is_done_with_it(client, ada, clock):
    invoice = client.v1.invoices.create({"customer": ada.id})
    assert (invoice.status, invoice.auto_advance, invoice.billing_reason) == ("draft", False, "manual")
    assert (invoice.currency, invoice.total, invoice.number, invoice.due_date) == ("usd", 0, None, None)
    clock.turn(by="7 days")
    assert client.v1.invoices.retrieve(invoice.id).status == "draft"


def test_it_carries_what_it_was_given(client, ada):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    method = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": ada.id})
    invoice = client.v1.invoices.create(
        {
            "customer": ada.id,
            "description": "Thank you",
            "footer": "Yours",
            "custom_fields": [{"name": "PO", "value": "17"}],
            "default_tax_rates": [rate.id],
            "default_payment_method": method.id,
            "metadata": {"order": "6"},
            "effective_at": 1_700_000_000,
            "number": "OUR-17",
            "statement_descriptor": "ADA LTD",
            "payment_settings": {"payment_method_types": ["card"]},
            "rendering": {"amount_tax_display": "exclude_tax"},
            "shipping_details": {"name": "Ada", "address": {"city": "London"}},
            "issuer": {"type": "self"},
        }
    )
    client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000}]})
    final = client.v1.invoices.finalize_invoice(invoice.id)
    assert (final.description, final.footer, final.custom_fields[0].value) == ("Thank you", "Yours", "17")
    assert (final.number, final.effective_at, final.total) == ("OUR-17", 1_700_000_000, 1100)
    assert final.payment_settings.payment_method_types == ["card"]
    assert (final.shipping_details.address.city, final.rendering.amount_tax_display) == ("London", "exclude_tax")
    assert client.v1.invoices.pay(final.id).status == "paid"
    assert client.v1.charges.list({"customer": ada.id}).data[0].payment_method == method.id
    refused(lambda: client.v1.invoices.create({"customer": ada.id, "number": "OUR-17"}), param="number")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"customer": "cus_none"}, "customer"),
        ({"subscription": "sub_none"}, "subscription"),
        ({"default_payment_method": "pm_none"}, "default_payment_method"),
        ({"default_tax_rates": ["txr_none"]}, "default_tax_rates[0]"),
        ({"discounts": [{"coupon": "none"}]}, "discounts[0][coupon]"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"due_date": 4_000_000_000}, "due_date"),
        ({"collection_method": "send_invoice", "due_date": 1}, "due_date"),
        ({"collection_method": "send_invoice", "days_until_due": -1}, "days_until_due"),
        ({"collection_method": "send_invoice", "due_date": 4_000_000_000, "days_until_due": 3}, "days_until_due"),
        ({"automatically_finalizes_at": 5}, "automatically_finalizes_at"),
        ({"automatically_finalizes_at": 1_800_000_000, "auto_advance": False}, "automatically_finalizes_at"),
        ({"statement_descriptor": "1234"}, "statement_descriptor"),
        ({"custom_fields": [{"name": "a", "value": "b"}] * 5}, "custom_fields"),
        ({"payment_settings": {"default_mandate": "m"}}, "payment_settings[default_mandate]"),
        ({"issuer": {"type": "account", "account": "acct_1"}}, "issuer[type]"),
        ({"transfer_data": {"destination": "acct_1"}}, "transfer_data"),
        ({"from_invoice": {"action": "revision", "invoice": "in_1"}}, "from_invoice"),
    ],
)
def test_what_makes_no_invoice_is_refused(client, ada, params, param):
    refused(lambda: client.v1.invoices.create({"customer": ada.id, **params}), param=param)
    assert client.v1.invoices.list({"customer": ada.id}).data == []


def test_a_customer_and_a_due_date_are_needed(client, box, ada):
    refused(lambda: client.v1.invoices.create({}), "parameter_missing", "customer")
    sent = {"customer": ada.id, "collection_method": "send_invoice"}
    refused(lambda: client.v1.invoices.create(sent), "parameter_missing", "days_until_due")
    box.observation.violations.clear()


def test_pending_items_come_along_when_they_are_asked_for(client, shop, ada):
    item = client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd"})
    assert client.v1.invoices.create({"customer": ada.id}).total == 0
    invoice = client.v1.invoices.create({"customer": ada.id, "pending_invoice_items_behavior": "include"})
    assert (invoice.total, client.v1.invoice_items.retrieve(item.id).invoice) == (700, invoice.id)


def test_an_invoice_of_a_subscription_takes_only_what_is_pending_there(client, shop, ada):
    subscription = shop.subscribe(ada, shop.price())
    for more in ({}, {"subscription": subscription.id}):
        client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd", **more})
    params = {"customer": ada.id, "subscription": subscription.id, "pending_invoice_items_behavior": "include"}
    invoice = client.v1.invoices.create(params)
    assert (invoice.total, invoice.parent.subscription_details.subscription) == (700, subscription.id)
    assert shop.reload(subscription).latest_invoice.id != invoice.id
    refused(lambda: client.v1.invoices.delete(invoice.id))


def test_discounts_take_something_off_the_whole(client, ada, draft):
    coupon = client.v1.coupons.create({"amount_off": 900, "currency": "usd", "duration": "once"})
    invoice = draft(discounts=[{"coupon": coupon.id}])
    assert (invoice.subtotal, invoice.total, invoice.total_discount_amounts[0].amount) == (3000, 2100, 900)
    changed = client.v1.invoices.update(invoice.id, {"discounts": ""})
    assert (changed.total, changed.discounts) == (3000, [])


def test_a_draft_can_be_changed_in_every_respect(client, draft):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    invoice = draft()
    changed = client.v1.invoices.update(
        invoice.id,
        {
            "description": "Memo",
            "footer": "Foot",
            "default_tax_rates": [rate.id],
            "collection_method": "send_invoice",
            "days_until_due": 10,
            "metadata": {"a": "b"},
            "automatic_tax": {"enabled": False},
        },
    )
    assert (changed.description, changed.footer, changed.total) == ("Memo", "Foot", 3300)
    assert changed.due_date == changed.created + 10 * 86400
    back = client.v1.invoices.update(invoice.id, {"collection_method": "charge_automatically", "default_tax_rates": ""})
    assert (back.due_date, back.total) == (None, 3000)


def test_little_can_be_changed_of_a_final_invoice(client, draft):
    invoice = client.v1.invoices.finalize_invoice(draft().id)
    changed = client.v1.invoices.update(invoice.id, {"metadata": {"a": "b"}, "auto_advance": False})
    assert changed.metadata["a"] == "b"
    for params in ({"description": "x"}, {"discounts": ""}, {"collection_method": "send_invoice"}, {"number": "x"}):
        refused(lambda params=params: client.v1.invoices.update(invoice.id, params), "invoice_not_editable")
    refused(lambda: client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1}]}), "invoice_not_editable")
    refused(lambda: client.v1.invoices.delete(invoice.id), "invoice_not_editable")
    refused(lambda: client.v1.invoices.send_invoice(invoice.id))  # it is charged


def test_a_draft_that_advances_is_charged_after_an_hour(client, draft, clock, received):
    invoice = draft(auto_advance=True)
    received()
    clock.turn(by="1 hour")
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    names = received()
    assert names[0] == "invoice.finalized"
    assert names[-2:] == ["invoice.paid", "invoice.payment_succeeded"]


def test_a_draft_can_wait_for_its_own_hour(client, draft, clock):
    at = clock.now() + 5 * 86400
    invoice = draft(automatically_finalizes_at=at)
    assert (invoice.auto_advance, invoice.automatically_finalizes_at) == (True, at)
    clock.turn(by="4 days")
    assert client.v1.invoices.retrieve(invoice.id).status == "draft"
    clock.turn(by="1 day")
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"


def test_an_invoice_that_was_finalized_by_hand_may_go_on_by_itself(client, draft, clock):
    waiting = client.v1.invoices.finalize_invoice(draft().id)
    going = client.v1.invoices.finalize_invoice(draft().id, {"auto_advance": True})
    clock.turn(by="2 hours")
    assert client.v1.invoices.retrieve(waiting.id).status == "open"
    assert client.v1.invoices.retrieve(going.id).status == "paid"


def test_an_invoice_is_sent_and_becomes_due(client, shop, draft, clock, received):
    bob = shop.customer(card=None)
    invoice = draft(bob, collection_method="send_invoice", days_until_due=10)
    received()
    assert client.v1.invoices.send_invoice(invoice.id).status == "open"
    assert received() == ["invoice.finalized", "payment_intent.created", "invoice.sent"]
    clock.turn(by="8 days")
    assert received() == ["invoice.will_be_due"]
    clock.turn(by="8 days")
    assert received() == ["invoice.overdue", "customer.updated"]
    assert client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True}).amount_paid_off_stripe == 3000
    clock.turn(by="8 days")
    assert "invoice.overdue" not in received()


def test_a_draft_to_be_sent_is_sent_by_itself(client, shop, draft, clock, received):
    draft(shop.customer(card=None), collection_method="send_invoice", days_until_due=1, auto_advance=True)
    received()
    clock.turn(by="1 hour")
    assert received() == ["invoice.finalized", "payment_intent.created", "invoice.sent"]


def test_a_deleted_draft_leaves_nothing_but_what_waited_before(client, ada, received):
    item = client.v1.invoice_items.create({"customer": ada.id, "amount": 700, "currency": "usd"})
    invoice = client.v1.invoices.create({"customer": ada.id, "pending_invoice_items_behavior": "include"})
    client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 5}]})
    received()
    assert client.v1.invoices.delete(invoice.id).deleted
    assert received() == ["invoiceitem.deleted", "invoice.deleted"]
    refused(lambda: client.v1.invoices.retrieve(invoice.id), "resource_missing")
    assert [one.id for one in client.v1.invoice_items.list({"pending": True}).data] == [item.id]


def test_numbers_have_no_gap_and_drafts_have_none(client, draft, ada):
    first, gone, second = draft(), draft(), draft()
    client.v1.invoices.delete(gone.id)
    numbers = [client.v1.invoices.finalize_invoice(one.id).number for one in (second, first)]
    assert numbers == [f"{ada.invoice_prefix}-0001", f"{ada.invoice_prefix}-0002"]


@pytest.mark.parametrize(("amount", "balance"), [(0, 0), (-500, -500), (49, 49)])
def test_what_is_nothing_too_little_or_a_credit_is_paid_at_once(client, ada, amount, balance):
    invoice = client.v1.invoices.create({"customer": ada.id})
    client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": amount}]})
    final = client.v1.invoices.finalize_invoice(invoice.id)
    assert (final.status, final.amount_due, final.ending_balance) == ("paid", 0, balance)
    assert client.v1.customers.retrieve(ada.id).balance == balance


def test_lists_filter_by_due_date_and_method(client, draft, shop):
    sent = draft(collection_method="send_invoice", days_until_due=10)
    draft()

    def listed(**filters):
        return [one.id for one in client.v1.invoices.list(filters).data]

    assert listed(collection_method="send_invoice") == [sent.id]
    assert listed(due_date={"lte": sent.due_date}) == listed(due_date=sent.due_date) == [sent.id]
    assert listed(due_date={"lt": sent.due_date}) == []
    assert len(listed(created={"gte": sent.created}, status="draft")) == 2
