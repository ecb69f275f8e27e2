"""Where a customer is taxed, and what happens when nobody knows."""

import pytest
import stripe

from tests.sandbox.taxes import AUTOMATIC, GERMANY, adds_up


def types_since(client, count=100):
    return [event.type for event in client.v1.events.list({"limit": count}).data]


@pytest.mark.parametrize(
    ("about", "status", "location"),
    [
        ({"address": GERMANY}, "supported", ("DE", "billing_address", None)),
        ({"address": {"country": "BR"}}, "not_collecting", ("BR", "billing_address", None)),
        ({"address": {"country": "US", "postal_code": "94105"}}, "supported", ("US", "billing_address", "CA")),
        ({"address": {"country": "US", "state": "CA"}}, "unrecognized_location", None),
        ({"address": {"country": "CA"}}, "unrecognized_location", None),
        ({"address": {"country": "XX"}}, "unrecognized_location", None),
        ({"address": {"city": "Paris"}}, "unrecognized_location", None),
        ({}, "unrecognized_location", None),
        (
            {"address": GERMANY, "shipping": {"name": "Ada", "address": {"country": "FR"}}},
            "supported",
            ("FR", "shipping_destination", None),
        ),
    ],
)
def test_a_customer_says_where_they_are_taxed(client, about, status, location):
    customer = client.v1.customers.create({**about, "tax": {"ip_address": "192.0.2.1"}, "expand": ["tax"]})
    known = customer.tax.location
    assert (customer.tax.automatic_tax, customer.tax.ip_address) == (status, "192.0.2.1")
    assert (known and (known.country, known.source, known.state)) == location
    assert "tax" not in client.v1.customers.retrieve(customer.id)


def test_the_card_says_where_a_customer_is_if_nothing_else_does(shop, client):
    customer = shop.customer()
    method = customer.invoice_settings.default_payment_method
    client.v1.payment_methods.update(method, {"billing_details": {"address": {"country": "IE"}}})
    located = client.v1.customers.retrieve(customer.id, {"expand": ["tax"]}).tax.location
    assert (located.country, located.source) == ("IE", "payment_method")


def test_nobody_subscribes_with_automatic_tax_from_nowhere(shop, client):
    customer = shop.customer()
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.subscribe(customer, shop.price(), **AUTOMATIC)
    assert error.value.code == "customer_tax_location_invalid"
    assert client.v1.subscriptions.list({"customer": customer.id}).data == []
    plain = shop.subscribe(customer, shop.price())
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.subscriptions.update(plain.id, AUTOMATIC)
    assert error.value.code == "customer_tax_location_invalid"


def test_automatic_tax_and_tax_rates_exclude_each_other(shop, client):
    customer = shop.customer(address=GERMANY)
    vat = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False}).id
    with pytest.raises(stripe.InvalidRequestError, match="together with tax rates"):
        shop.subscribe(customer, shop.price(), **AUTOMATIC, default_tax_rates=[vat])
    subscription = shop.subscribe(customer, shop.price(), default_tax_rates=[vat])
    with pytest.raises(stripe.InvalidRequestError, match="together with tax rates"):
        client.v1.subscriptions.update(subscription.id, AUTOMATIC)
    switched = client.v1.subscriptions.update(subscription.id, {**AUTOMATIC, "default_tax_rates": ""})
    assert (switched.automatic_tax.enabled, switched.default_tax_rates) == (True, [])


@pytest.mark.parametrize("deed", ["create", "update"])
def test_a_location_can_be_checked_at_once(client, deed):
    wish = {"address": {"country": "US"}, "tax": {"validate_location": "immediately"}}
    id = client.v1.customers.create({"address": GERMANY}).id
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.create(wish) if deed == "create" else client.v1.customers.update(id, wish)
    assert error.value.code == "customer_tax_location_invalid"
    assert [one.address.country for one in client.v1.customers.list().data] == ["DE"]


def test_who_is_taxed_automatically_cannot_move_to_nowhere(shop, client):
    customer = shop.customer(address=GERMANY)
    shop.subscribe(customer, shop.price(), **AUTOMATIC)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.update(customer.id, {"address": ""})
    assert error.value.code == "customer_tax_location_invalid"
    moved = {"address": "", "tax": {"validate_location": "deferred"}}
    assert client.v1.customers.update(customer.id, moved).address is None


# At finalization


@pytest.fixture
def lost(shop, client, clock):
    """A subscription whose customer moved to nowhere, and its renewal."""
    customer = shop.customer(address=GERMANY)
    subscription = shop.subscribe(customer, shop.price(10000), **AUTOMATIC)
    client.v1.customers.update(customer.id, {"address": "", "tax": {"validate_location": "deferred"}})
    clock.turn(by="32 days")
    return shop.invoices(subscription)[-1]


def test_a_renewal_from_nowhere_stays_a_draft(lost, client):
    assert (lost.status, lost.number, lost.automatic_tax.status) == ("draft", None, "requires_location_inputs")
    assert lost.last_finalization_error.code == "customer_tax_location_invalid"
    assert "invoice.finalization_failed" in types_since(client, 5)


def test_it_cannot_be_finalized_or_paid_until_the_customer_is_found(lost, client):
    for deed in (client.v1.invoices.finalize_invoice, client.v1.invoices.pay):
        with pytest.raises(stripe.InvalidRequestError) as error:
            deed(lost.id)
        assert error.value.code == "customer_tax_location_invalid"
    assert types_since(client, 2) == ["invoice.finalization_failed"] * 2
    client.v1.customers.update(lost.customer, {"address": {"country": "FR"}})
    final = client.v1.invoices.finalize_invoice(lost.id)
    assert (final.total, final.automatic_tax.status, final.last_finalization_error) == (12000, "complete", None)
    assert final.customer_address.country == "FR"
    assert adds_up(final)


def test_a_draft_is_taxed_by_what_is_known_when_it_becomes_final(shop, client, clock):
    customer = shop.customer(address=GERMANY)
    subscription = shop.subscribe(customer, shop.price(10000), **AUTOMATIC)
    clock.turn(to=subscription["items"].data[0].current_period_end)
    client.v1.customers.update(customer.id, {"address": {"country": "FR"}})
    clock.turn(by="2 hours")
    renewal = shop.invoices(subscription)[-1]
    assert (renewal.status, renewal.total, renewal.amount_paid) == ("paid", 12000, 12000)


def test_a_deleted_customer_leaves_the_invoices_as_they_were(shop, client):
    customer = shop.customer(address=GERMANY)
    invoice = shop.subscribe(customer, shop.price(10000), **AUTOMATIC).latest_invoice
    client.v1.customers.delete(customer.id)
    assert client.v1.invoices.retrieve(invoice.id).total_taxes[0].amount == 1900


def test_an_invoice_by_hand_waits_for_a_location_too(shop, client):
    customer = shop.customer()
    draft = client.v1.invoices.create({"customer": customer.id, **AUTOMATIC})
    item = {"customer": customer.id, "invoice": draft.id, "amount": 10000, "currency": "usd"}
    client.v1.invoice_items.create(item)
    assert client.v1.invoices.retrieve(draft.id).automatic_tax.status == "requires_location_inputs"
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoices.finalize_invoice(draft.id)
    assert error.value.code == "customer_tax_location_invalid"
    client.v1.customers.update(customer.id, {"address": GERMANY})
    final = client.v1.invoices.finalize_invoice(draft.id)
    assert (final.total, final.automatic_tax.status) == (11900, "complete")


def test_a_draft_can_do_without_automatic_tax(lost, client):
    client.v1.invoices.update(lost.id, {"automatic_tax": {"enabled": False}})
    final = client.v1.invoices.finalize_invoice(lost.id)
    assert (final.total, final.automatic_tax.enabled, final.total_taxes) == (10000, False, [])
