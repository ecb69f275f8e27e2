"""Credit notes: on open invoices, on paid ones, and the way of the money."""

import pytest

from tests.sandbox.crediting import final_invoice, line, note, refused


@pytest.fixture
def ada(shop):
    return shop.customer()


@pytest.fixture
def open_invoice(client, ada):
    return final_invoice(client, ada)


@pytest.fixture
def paid(client, open_invoice):
    return client.v1.invoices.pay(open_invoice.id)


def test_a_note_on_an_open_invoice_lowers_what_is_due(client, open_invoice, received):
    received()
    made = note(client, open_invoice, amount=990, reason="order_change", memo="Sorry", metadata={"case": "7"})
    assert (made.type, made.status, made.total, made.amount) == ("pre_payment", "issued", 990, 990)
    assert (made.pre_payment_amount, made.post_payment_amount) == (990, 0)
    assert (made.number, made.memo, made.metadata["case"]) == (f"{open_invoice.number}-CN-01", "Sorry", "7")
    assert made.pdf.endswith("/pdf?s=ap")
    invoice = client.v1.invoices.retrieve(open_invoice.id, {"expand": ["payments"]})
    assert (invoice.total, invoice.amount_due, invoice.amount_remaining) == (4950, 3960, 3960)
    assert (invoice.pre_payment_credit_notes_amount, invoice.status) == (990, "open")
    (payment,) = invoice.payments.data
    assert payment.amount_requested == 3960
    assert client.v1.payment_intents.retrieve(payment.payment.payment_intent).amount == 3960
    assert received() == ["credit_note.created", "invoice.updated"]
    assert client.v1.invoices.pay(open_invoice.id).amount_paid == 3960


def test_an_invoice_that_is_credited_in_full_is_paid(client, open_invoice, received):
    received()
    note(client, open_invoice, amount=4950)
    invoice = client.v1.invoices.retrieve(open_invoice.id)
    assert (invoice.status, invoice.amount_due, invoice.amount_paid, invoice.amount_remaining) == ("paid", 0, 0, 0)
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    assert payment.status == "canceled"
    assert received()[-2:] == ["invoice.paid", "invoice.payment_succeeded"]


def test_a_note_of_an_open_invoice_can_be_voided(client, open_invoice, received):
    made = note(client, open_invoice, amount=990)
    received()
    voided = client.v1.credit_notes.void_credit_note(made.id)
    assert (voided.status, voided.voided_at is None) == ("void", False)
    invoice = client.v1.invoices.retrieve(open_invoice.id)
    assert (invoice.amount_remaining, invoice.pre_payment_credit_notes_amount) == (4950, 0)
    assert received() == ["credit_note.voided", "invoice.updated"]
    refused(lambda: client.v1.credit_notes.void_credit_note(made.id))
    assert note(client, open_invoice, amount=990).number.endswith("-CN-02")
    client.v1.invoices.pay(open_invoice.id)
    (latest,) = client.v1.credit_notes.list({"invoice": open_invoice.id, "limit": 1}).data
    refused(lambda: client.v1.credit_notes.void_credit_note(latest.id))


def test_a_note_on_a_paid_invoice_refunds_its_payment(client, paid, received):
    received()
    made = note(client, paid, amount=990, refund_amount=990, reason="duplicate")
    assert (made.type, made.post_payment_amount, made.pre_payment_amount) == ("post_payment", 990, 0)
    (link,) = made.refunds
    refund = client.v1.refunds.retrieve(link.refund)
    assert (link.amount_refunded, refund.amount, refund.reason) == (990, 990, "duplicate")
    invoice = client.v1.invoices.retrieve(paid.id)
    assert (invoice.status, invoice.amount_paid, invoice.post_payment_credit_notes_amount) == ("paid", 4950, 990)
    assert received() == ["charge.refunded", "refund.created", "credit_note.created", "invoice.updated"]


def test_it_may_become_credit_or_be_given_back_elsewhere(client, paid, ada, received):
    received()
    made = note(client, paid, amount=990, credit_amount=500, refund_amount=290, out_of_band_amount=200)
    assert (made.out_of_band_amount, made.refunds[0].amount_refunded) == (200, 290)
    booked = client.v1.customers.balance_transactions.retrieve(ada.id, made.customer_balance_transaction)
    assert (booked.type, booked.amount, booked.credit_note) == ("credit_note", -500, made.id)
    assert client.v1.customers.retrieve(ada.id).balance == -500
    assert "customer.updated" in received()


def test_the_ways_of_the_money_must_add_up(client, ada, paid):
    for params in ({}, {"refund_amount": 500}, {"refund_amount": 990, "credit_amount": 1}):
        refused(lambda params=params: note(client, paid, amount=990, **params))
    unpaid = final_invoice(client, ada)
    refused(lambda: note(client, unpaid, amount=990, credit_amount=990))
    refused(lambda: note(client, paid, amount=990, refund_amount=-1), "refund_amount")
    assert client.v1.refunds.list().data == []


def test_what_it_gives_back_can_be_its_amount(client, paid):
    assert note(client, paid, refund_amount=1000).total == 1000


def test_an_existing_refund_can_be_linked(client, paid):
    intent = client.v1.invoice_payments.list({"invoice": paid.id}).data[0].payment.payment_intent
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 990})
    refused(lambda: note(client, paid, amount=4950, credit_amount=4950), "amount")  # 9.90 are back already
    wrong = [{"refund": refund.id, "amount_refunded": 991}]
    refused(lambda: note(client, paid, amount=991, refunds=wrong), "refunds[0][amount_refunded]")
    made = note(client, paid, amount=1000, credit_amount=10, refunds=[{"refund": refund.id}])
    assert [(one.refund, one.amount_refunded) for one in made.refunds] == [(refund.id, 990)]
    refused(lambda: note(client, paid, amount=990, refunds=[{"refund": refund.id}]), "refunds[0][amount_refunded]")
    refused(lambda: note(client, paid, amount=990, refunds=[{"refund": "re_none"}]), "refunds[0][refund]")


def test_a_refund_of_another_payment_cannot_be_linked(client, ada, paid):
    other = client.v1.invoices.pay(final_invoice(client, ada).id)
    made = note(client, other, amount=990, refund_amount=990)
    refused(lambda: note(client, paid, amount=990, refunds=[{"refund": made.refunds[0].refund}]), "refunds[0][refund]")


def test_a_note_may_cover_what_is_paid_and_what_is_not(client, ada):
    client.v1.customers.balance_transactions.create(ada.id, {"amount": -1000, "currency": "usd"})
    invoice = final_invoice(client, ada)
    made = note(client, invoice, amount=4950, credit_amount=1000)
    assert (made.type, made.pre_payment_amount, made.post_payment_amount) == ("mixed", 3950, 1000)
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert client.v1.customers.retrieve(ada.id).balance == -1000


def test_wrong_notes_are_refused(client, ada, paid):
    draft = client.v1.invoices.create({"customer": ada.id})
    refused(lambda: note(client, draft, amount=5), "invoice")
    refused(lambda: client.v1.credit_notes.create({"invoice": "in_none", "amount": 5}), "invoice")
    refused(lambda: note(client, paid, amount=5, lines=[line(paid, 0, amount=5)]), "lines")
    refused(lambda: note(client, paid), "amount")
    refused(lambda: note(client, paid, amount=5, shipping_cost={"shipping_rate": "shr_1"}), "shipping_cost")
    elsewhere = {"type": "payment_record_refund", "payment_record_refund": {"payment_record": "p", "refund_group": "g"}}
    refused(lambda: note(client, paid, refunds=[elsewhere]), "refunds[0][payment_record_refund]")


def test_what_was_paid_elsewhere_cannot_be_refunded_here(client, open_invoice):
    paid = client.v1.invoices.pay(open_invoice.id, {"paid_out_of_band": True})
    refused(lambda: note(client, paid, amount=990, refund_amount=990), "refund_amount")
    assert note(client, paid, amount=990, out_of_band_amount=990).out_of_band_amount == 990


def test_a_preview_shows_the_note_and_leaves_nothing(client, paid, received):
    received()
    params = {"invoice": paid.id, "lines": [line(paid, 0, quantity=1)], "refund_amount": 990}
    preview = client.v1.credit_notes.preview(params)
    assert (preview.total, preview.lines.data[0].amount, preview.number) == (990, 1000, f"{paid.number}-CN-01")
    lines = client.v1.credit_notes.preview_lines.list({**params, "limit": 1})
    assert [one.amount for one in lines.data] == [1000]
    assert (client.v1.credit_notes.list().data, client.v1.refunds.list().data, received()) == ([], [], [])


def test_notes_can_be_read_listed_and_described(client, paid, ada, received):
    made = note(client, paid, amount=990, credit_amount=990)
    note(client, final_invoice(client, ada), amount=10)
    received()
    changed = client.v1.credit_notes.update(made.id, {"memo": "Sorry", "metadata": {"case": "7"}})
    assert (changed.memo, changed.metadata["case"]) == ("Sorry", "7")
    assert received() == ["credit_note.updated"]
    assert client.v1.credit_notes.retrieve(made.id, {"expand": ["invoice"]}).invoice.id == paid.id
    assert [one.id for one in client.v1.credit_notes.list({"invoice": paid.id}).data] == [made.id]
    assert len(client.v1.credit_notes.list({"customer": ada.id}).data) == 2
    assert len(client.v1.credit_notes.line_items.list(made.id, {"limit": 1}).data) == 1


def test_a_note_pays_what_a_subscription_owes(client, shop, clock):
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"), shop.price(), trial_period_days=1)
    clock.turn(by="2 days")
    invoice = shop.reload(subscription).latest_invoice
    assert shop.reload(subscription).status == "past_due"
    note(client, invoice, amount=9900)
    assert shop.reload(subscription).status == "active"
