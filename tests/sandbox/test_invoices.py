"""What can be done with an invoice by hand."""

import pytest
import stripe


@pytest.fixture
def unpaid(shop, clock):
    """An open renewal invoice of a customer whose card stopped working."""
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"), shop.price(), trial_period_days=1)
    clock.turn(by="2 days")
    return shop.reload(subscription).latest_invoice


def test_an_invoice_can_be_paid_outside(client, shop, unpaid):
    paid = client.v1.invoices.pay(unpaid.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 9900)
    assert client.v1.subscriptions.list({"status": "active"}).data


def test_an_invoice_can_be_given_up_and_still_be_paid(client, shop, unpaid, received):
    received()
    assert client.v1.invoices.mark_uncollectible(unpaid.id).status == "uncollectible"
    about_customer = ["customer.updated", "customer.subscription.updated"]
    assert received() == ["invoice.updated", "invoice.marked_uncollectible", *about_customer]
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": unpaid.customer})
    assert client.v1.invoices.pay(unpaid.id, {"payment_method": method.id}).status == "paid"


def test_a_voided_invoice_is_over(client, unpaid):
    voided = client.v1.invoices.void_invoice(unpaid.id)
    assert (voided.status, voided.auto_advance) == ("void", False)
    for deed in (client.v1.invoices.pay, client.v1.invoices.void_invoice, client.v1.invoices.finalize_invoice):
        with pytest.raises(stripe.InvalidRequestError):
            deed(unpaid.id)
    payment = client.v1.invoice_payments.list({"invoice": unpaid.id}).data[0]
    assert payment.status == "canceled"
    assert client.v1.payment_intents.retrieve(payment.payment.payment_intent).status == "canceled"


def test_a_draft_can_be_finalized_and_paid_early(client, shop, clock):
    subscription = shop.subscribe(shop.customer(), shop.price())
    clock.turn(by="1 month")
    draft = shop.reload(subscription).latest_invoice
    opened = client.v1.invoices.finalize_invoice(draft.id, {"expand": ["confirmation_secret", "payments"]})
    assert (opened.status, opened.number[-4:]) == ("open", "0002")
    assert opened.confirmation_secret.type == "payment_intent"
    assert opened.payments.data[0].is_default
    assert client.v1.invoices.pay(draft.id).status == "paid"
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoices.pay(draft.id)
    assert error.value.code == "invoice_already_paid"


def test_auto_advance_holds_a_draft_and_lets_it_go(client, shop, clock):
    subscription = shop.subscribe(shop.customer(), shop.price())
    clock.turn(by="1 month")
    draft = shop.reload(subscription).latest_invoice
    client.v1.invoices.update(draft.id, {"auto_advance": False})
    clock.turn(by="5 days")
    assert client.v1.invoices.retrieve(draft.id).status == "draft"
    client.v1.invoices.update(draft.id, {"auto_advance": True, "metadata": {"note": "go"}})
    clock.turn(by="2 hours")
    assert client.v1.invoices.retrieve(draft.id).status == "paid"


def test_long_invoices_show_ten_lines_and_page_the_rest(client, shop):
    prices = [shop.price(100 + number) for number in range(15)]
    invoice = shop.subscribe(shop.customer(), *prices).latest_invoice
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    assert len(client.v1.invoices.line_items.list(invoice.id, {"limit": 100}).data) == 15
    assert sum(line.amount for line in client.v1.invoices.line_items.list(invoice.id).auto_paging_iter()) == 1605


def test_lists_filter_by_customer_subscription_and_status(client, shop):
    customer = shop.customer()
    first, second = shop.subscribe(customer, shop.price()), shop.subscribe(customer, shop.price())
    shop.subscribe(shop.customer(), shop.price())
    assert len(client.v1.invoices.list({"customer": customer.id, "status": "paid"}).data) == 2
    assert client.v1.invoices.list({"customer": customer.id, "status": "open"}).data == []
    (found,) = client.v1.invoices.list({"subscription": second.id}).data
    assert found.id == second.latest_invoice.id
    assert found.parent.subscription_details.subscription == second.id != first.id


def test_numbers_count_up_per_customer(shop):
    customer, price = shop.customer(), shop.price()
    numbers = [shop.subscribe(customer, price).latest_invoice.number for _ in range(3)]
    prefix = customer.invoice_prefix
    assert numbers == [f"{prefix}-0001", f"{prefix}-0002", f"{prefix}-0003"]


def test_invoices_sent_by_mail_wait_for_their_money(client, shop, clock):
    more = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), **more)
    assert (subscription.status, subscription.latest_invoice.status) == ("active", "draft")
    clock.turn(by="2 hours")
    invoice = shop.reload(subscription).latest_invoice
    assert invoice.status == "open"
    assert invoice.due_date - invoice.effective_at == 14 * 86400
    assert client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True}).status == "paid"


def test_the_sums_hold(client, shop, clock):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 8.875, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 33.3, "duration": "forever"})
    more = {"default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}]}
    subscription = shop.subscribe(shop.customer(balance=-1234), shop.price(9999), shop.price(101), **more)
    clock.turn(by="70 days")
    for invoice in shop.invoices(subscription):
        taken = sum(one.amount for one in invoice.total_discount_amounts)
        tax = sum(one.amount for one in invoice.total_taxes)
        assert invoice.subtotal == sum(line.amount for line in invoice.lines.data)
        assert invoice.total == invoice.subtotal - taken + tax
        assert invoice.amount_due == invoice.total + invoice.starting_balance - invoice.ending_balance
        assert invoice.amount_due == invoice.amount_paid + invoice.amount_remaining
