"""The customer's balance: every change of it has a transaction, and invoices take it into account."""

import pytest
import stripe


@pytest.fixture
def ada(shop):
    return shop.customer()


def credit(client, customer, amount, **more):
    return client.v1.customers.balance_transactions.create(customer.id, {"amount": amount, "currency": "usd", **more})


def invoice_of(client, customer, amount):
    invoice = client.v1.invoices.create({"customer": customer.id, "currency": "usd"})
    client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": amount}]})
    return client.v1.invoices.finalize_invoice(invoice.id)


def transactions(client, customer):
    """Oldest first."""
    return client.v1.customers.balance_transactions.list(customer.id, {"limit": 100}).data[::-1]


def test_a_transaction_changes_the_balance(client, ada, received):
    received()
    made = credit(client, ada, -500, description="Sorry", metadata={"case": "7"})
    assert (made.type, made.amount, made.ending_balance, made.description) == ("adjustment", -500, -500, "Sorry")
    assert made.metadata["case"] == "7"
    assert credit(client, ada, 200).ending_balance == -300
    customer = client.v1.customers.retrieve(ada.id)
    assert (customer.balance, customer.currency) == (-300, "usd")
    assert received() == ["customer.updated", "customer.updated"]


def test_a_transaction_can_be_described_afterwards(client, shop, ada):
    made = credit(client, ada, -500, metadata={"case": "7"})
    changed = client.v1.customers.balance_transactions.update(
        ada.id, made.id, {"description": "Sorry", "metadata": {"by": "Bob"}}
    )
    assert (changed.description, changed.metadata.to_dict()) == ("Sorry", {"case": "7", "by": "Bob"})
    assert client.v1.customers.balance_transactions.retrieve(ada.id, made.id).description == "Sorry"
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.balance_transactions.retrieve(shop.customer().id, made.id)
    assert error.value.http_status == 404


def test_wrong_transactions_are_refused(client, ada):
    credit(client, ada, -500)
    for params, param in (({"amount": 0, "currency": "usd"}, "amount"), ({"amount": 5, "currency": "eur"}, "currency")):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.customers.balance_transactions.create(ada.id, params)
        assert error.value.param == param
    assert len(transactions(client, ada)) == 1


def test_a_balance_that_is_set_is_an_adjustment(client, shop):
    customer = shop.customer(balance=-100)
    client.v1.customers.update(customer.id, {"balance": 250})
    kinds = [(one.type, one.amount, one.ending_balance) for one in transactions(client, customer)]
    assert kinds == [("initial", -100, -100), ("adjustment", 350, 250)]


def test_credit_is_applied_when_an_invoice_becomes_final(client, ada):
    credit(client, ada, -1000)
    draft = client.v1.invoices.create({"customer": ada.id})
    assert (draft.starting_balance, client.v1.customers.retrieve(ada.id).balance) == (-1000, -1000)
    invoice = invoice_of(client, ada, 3000)
    assert (invoice.starting_balance, invoice.ending_balance, invoice.amount_due) == (-1000, 0, 2000)
    applied = transactions(client, ada)[-1]
    assert (applied.type, applied.amount, applied.invoice) == ("applied_to_invoice", 1000, invoice.id)
    (listed,) = client.v1.customers.balance_transactions.list(ada.id, {"invoice": invoice.id}).data
    assert listed.id == applied.id


def test_what_is_owed_is_asked_for_with_the_next_invoice(client, ada):
    credit(client, ada, 700)
    invoice = invoice_of(client, ada, 3000)
    assert (invoice.amount_due, invoice.ending_balance) == (3700, 0)


def test_voiding_gives_applied_credit_back(client, ada):
    credit(client, ada, -1000)
    client.v1.invoices.void_invoice(invoice_of(client, ada, 3000).id)
    assert [one.type for one in transactions(client, ada)][1:] == ["applied_to_invoice", "unapplied_from_invoice"]
    assert client.v1.customers.retrieve(ada.id).balance == -1000


def test_a_negative_total_becomes_credit_for_the_next_invoice(client, ada):
    first = invoice_of(client, ada, -800)
    assert (first.status, first.total, first.amount_due, first.ending_balance) == ("paid", -800, 0, -800)
    assert invoice_of(client, ada, 3000).amount_due == 2200
