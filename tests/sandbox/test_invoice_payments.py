"""What pays an invoice, whole, in parts, or too much."""

import pytest
import stripe


@pytest.fixture
def ada(shop):
    return shop.customer()


@pytest.fixture
def unpaid(client, ada):
    """An open invoice of 30.00."""
    invoice = client.v1.invoices.create({"customer": ada.id, "currency": "usd"})
    client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 3000}]})
    return client.v1.invoices.finalize_invoice(invoice.id)


@pytest.fixture
def pays(client, ada):
    """A payment intent that succeeded."""

    def make(amount, **params):
        card = ada.invoice_settings.default_payment_method
        types = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
        params = {"amount": amount, "currency": "usd", "customer": ada.id, "payment_method": card, **types, **params}
        return client.v1.payment_intents.create({"confirm": True, **params})

    return make


def attach(client, invoice, intent):
    return client.v1.invoices.attach_payment(invoice.id, {"payment_intent": intent.id, "expand": ["payments"]})


def test_a_card_pays_while_the_customer_is_there(client, shop, unpaid):
    method = client.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": unpaid.customer})
    with pytest.raises(stripe.CardError) as error:
        client.v1.invoices.pay(unpaid.id, {"payment_method": method.id, "off_session": False})
    assert error.value.code == "invoice_payment_intent_requires_action"
    assert client.v1.invoices.pay(unpaid.id, {"forgive": True}).status == "paid"


def test_a_decline_is_kept(client, shop, unpaid):
    method = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": unpaid.customer})
    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(unpaid.id, {"payment_method": method.id})
    invoice = client.v1.invoices.retrieve(unpaid.id)
    assert (invoice.status, invoice.attempted, invoice.attempt_count) == ("open", True, 1)


def test_a_draft_is_finalized_by_paying_it(client, ada):
    invoice = client.v1.invoices.create({"customer": ada.id, "currency": "usd"})
    client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 3000}]})
    assert client.v1.invoices.pay(invoice.id).amount_paid == 3000


def test_sources_and_mandates_are_refused(client, unpaid):
    for name in ("mandate", "source"):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.invoices.pay(unpaid.id, {name: "x"})
        assert error.value.param == name


def test_a_payment_that_was_made_elsewhere_pays_it(client, unpaid, pays, received):
    intent = pays(3000)
    received()
    invoice = attach(client, unpaid, intent)
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 3000, 0)
    default, attached = invoice.payments.data
    assert (default.status, attached.status, attached.amount_paid, attached.is_default) == (
        "canceled",
        "paid",
        3000,
        False,
    )
    assert received() == [
        "payment_intent.canceled",
        "invoice.updated",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]


def test_a_part_leaves_the_rest_to_be_paid(client, unpaid, pays, received):
    intent = pays(1000)
    received()
    invoice = attach(client, unpaid, intent)
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("open", 1000, 2000)
    assert received() == ["invoice.updated", "invoice_payment.paid"]
    default = invoice.payments.data[0]
    assert default.amount_requested == 2000
    assert client.v1.payment_intents.retrieve(default.payment.payment_intent).amount == 2000
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.void_invoice(unpaid.id)
    paid = client.v1.invoices.pay(unpaid.id)
    assert (paid.status, paid.amount_paid, paid.amount_due) == ("paid", 3000, 3000)


def test_too_much_becomes_credit(client, unpaid, pays, received):
    intent = pays(3500)
    received()
    invoice = attach(client, unpaid, intent)
    assert (invoice.status, invoice.amount_paid, invoice.amount_overpaid) == ("paid", 3000, 500)
    assert "invoice.overpaid" in received()
    (transaction,) = client.v1.customers.balance_transactions.list(unpaid.customer).data
    assert (transaction.type, transaction.amount) == ("invoice_overpaid", -500)


def test_an_attached_payment_pays_when_it_succeeds(client, unpaid, pays):
    intent = pays(3000, confirm=False)
    assert attach(client, unpaid, intent).status == "open"
    client.v1.payment_intents.confirm(intent.id)
    assert client.v1.invoices.retrieve(unpaid.id).status == "paid"


def test_only_free_payments_of_the_customer_can_be_attached(client, shop, unpaid, pays):
    other = shop.customer()
    card = other.invoice_settings.default_payment_method
    canceled = pays(3000, confirm=False)
    client.v1.payment_intents.cancel(canceled.id)
    used = client.v1.invoice_payments.list({"invoice": unpaid.id}).data[0].payment.payment_intent
    wrong = [pays(3000, customer=other.id, payment_method=card), pays(3000, currency="eur"), canceled]
    for id in [*(intent.id for intent in wrong), used]:
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.invoices.attach_payment(unpaid.id, {"payment_intent": id})
        assert error.value.param == "payment_intent"
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoices.attach_payment(unpaid.id, {"payment_record": "prec_1"})
    assert error.value.param == "payment_record"


def test_payments_are_found_by_intent(client, unpaid):
    (payment,) = client.v1.invoice_payments.list({"invoice": unpaid.id}).data
    wanted = {"type": "payment_intent", "payment_intent": payment.payment.payment_intent}
    assert [one.id for one in client.v1.invoice_payments.list({"payment": wanted}).data] == [payment.id]
    assert client.v1.invoice_payments.retrieve(payment.id).amount_requested == 3000
