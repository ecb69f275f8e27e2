"""Automatic tax by where the customer is. The seller is in Germany."""

import pytest

from tests.sandbox.taxes import AUTOMATIC, GERMANY, adds_up, taxes


def bought(shop, price=None, **customer):
    """The first invoice of a customer who is taxed automatically."""
    return shop.subscribe(shop.customer(**customer), price or shop.price(10000), **AUTOMATIC).latest_invoice


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (GERMANY, [(19, 1900, "standard_rated")]),
        ({"country": "HU"}, [(27, 2700, "standard_rated")]),
        ({"country": "FI"}, [(25.5, 2550, "standard_rated")]),
        ({"country": "GB"}, [(20, 2000, "standard_rated")]),
        ({"country": "CH"}, [(8.1, 810, "standard_rated")]),
        ({"country": "CA", "state": "ON"}, [(13, 1300, "standard_rated")]),
        ({"country": "CA", "postal_code": "H2X 1Y4"}, [(5, 500, "standard_rated"), (9.975, 998, "standard_rated")]),
        ({"country": "US", "postal_code": "94105"}, [(7.25, 725, "standard_rated")]),
        ({"country": "US", "postal_code": "97712-4918", "state": "OR"}, [(0, 0, "zero_rated")]),
        ({"country": "BR"}, [(0, 0, "not_collecting")]),
    ],
)
def test_a_customer_is_taxed_where_they_are(shop, client, address, expected):
    invoice = bought(shop, address=address)
    assert taxes(client, invoice) == expected
    assert invoice.total == 10000 + sum(amount for _, amount, _ in expected)
    assert (invoice.automatic_tax.enabled, invoice.automatic_tax.status) == (True, "complete")
    assert adds_up(invoice)


def test_the_rates_of_automatic_tax_are_archived_ones(shop, client):
    (tax,) = bought(shop, address={"country": "CA", "state": "ON"}).total_taxes
    made = client.v1.tax_rates.retrieve(tax.tax_rate_details.tax_rate)
    assert (made.active, made.display_name, made.tax_type, made.country, made.state) == (
        False,
        "HST",
        "hst",
        "CA",
        "ON",
    )
    assert (made.jurisdiction, made.jurisdiction_level) == ("ON", "state")
    assert (tax.tax_behavior, tax.taxable_amount) == ("exclusive", 10000)


def test_a_price_can_include_the_tax(shop, client):
    invoice = bought(shop, shop.price(11900, tax_behavior="inclusive"), address=GERMANY)
    assert (invoice.total, invoice.total_excluding_tax, invoice.subtotal_excluding_tax) == (11900, 10000, 10000)
    assert invoice.total_taxes[0].tax_behavior == "inclusive"
    assert adds_up(invoice)


def test_a_price_that_includes_tax_is_paid_in_full_where_none_is_due(shop, client):
    invoice = bought(shop, shop.price(11900, tax_behavior="inclusive"), address=GERMANY, tax_exempt="exempt")
    assert (invoice.total, invoice.total_excluding_tax) == (11900, 11900)
    assert taxes(client, invoice) == [(0, 0, "customer_exempt")]


def test_inclusive_and_exclusive_prices_share_an_invoice(shop, client):
    prices = [shop.price(11900, tax_behavior="inclusive"), shop.price(10000, tax_behavior="exclusive")]
    invoice = shop.subscribe(shop.customer(address=GERMANY), *prices, **AUTOMATIC).latest_invoice
    assert [(tax.amount, tax.tax_behavior) for tax in invoice.total_taxes] == [(1900, "inclusive"), (1900, "exclusive")]
    assert (invoice.total, adds_up(invoice)) == (23800, True)


def test_tax_is_rounded_line_by_line_on_what_discounts_leave(shop, client):
    third = client.v1.coupons.create({"percent_off": 33.3, "duration": "once"}).id
    prices = [shop.price(999), shop.price(1333), shop.price(777)]
    more = {**AUTOMATIC, "discounts": [{"coupon": third}]}
    invoice = shop.subscribe(shop.customer(address=GERMANY), *prices, **more).latest_invoice
    assert [line.taxes[0].taxable_amount for line in invoice.lines.data] == [666, 889, 518]
    assert [line.taxes[0].amount for line in invoice.lines.data] == [127, 169, 98]
    assert (invoice.total_taxes[0].amount, invoice.total) == (394, 2467)
    assert adds_up(invoice)


@pytest.mark.parametrize(
    ("country", "number", "reason"),
    [
        ("FR", "FRAB123456789", "reverse_charge"),
        ("FR", "111111111", "standard_rated"),
        ("FR", "DE123456789", "standard_rated"),
        ("DE", "DE123456789", "standard_rated"),
        ("GB", "FRAB123456789", "standard_rated"),
    ],
)
def test_a_business_in_another_member_state_owes_the_tax_itself(shop, client, clock, country, number, reason):
    customer = shop.customer(address={"country": country}, tax_id_data=[{"type": "eu_vat", "value": number}])
    clock.turn(by="10")
    invoice = shop.subscribe(customer, shop.price(10000), **AUTOMATIC).latest_invoice
    (tax,) = invoice.total_taxes
    assert (tax.taxability_reason, tax.amount == 0) == (reason, reason == "reverse_charge")
    assert adds_up(invoice)


@pytest.mark.parametrize(("exempt", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")])
def test_an_exempt_customer_pays_no_tax(shop, client, exempt, reason):
    invoice = bought(shop, address=GERMANY, tax_exempt=exempt)
    assert (invoice.total, taxes(client, invoice)) == (10000, [(0, 0, reason)])
    assert invoice.total_taxes[0].taxable_amount == 0


def test_previews_show_the_same_tax(shop, client):
    customer, price = shop.customer(address={"country": "CA", "postal_code": "H2X 1Y4"}), shop.price(9999)
    details = {"subscription_details": {"items": [{"price": price.id}]}, **AUTOMATIC}
    foretold = client.v1.invoices.create_preview({"customer": customer.id, **details})
    invoice = shop.subscribe(customer, price, **AUTOMATIC).latest_invoice
    assert [tax.to_dict() for tax in foretold.total_taxes] == [tax.to_dict() for tax in invoice.total_taxes]
    assert (foretold.total, foretold.automatic_tax.status) == (invoice.total, "complete")


def test_a_preview_can_be_for_somebody_who_is_no_customer_yet(shop, client):
    details = {"subscription_details": {"items": [{"price": shop.price(10000).id}]}, **AUTOMATIC}
    about = {"address": {"country": "FR"}}
    business = {**about, "tax_ids": [{"type": "eu_vat", "value": "FRAB123456789"}]}
    totals = [
        client.v1.invoices.create_preview({**details, "customer_details": one}).total
        for one in (about, business, {**about, "tax_exempt": "exempt"})
    ]
    assert totals == [12000, 10000, 10000]
    assert client.v1.invoices.create_preview({**details, "customer_details": {}}).automatic_tax.status == (
        "requires_location_inputs"
    )


def test_a_preview_can_look_at_a_customer_elsewhere(shop, client):
    customer = shop.customer(address=GERMANY, tax_id_data=[{"type": "eu_vat", "value": "FRAB123456789"}])
    subscription = shop.subscribe(customer, shop.price(10000), **AUTOMATIC)
    about = {"address": {"country": "FR"}, "tax_ids": [{"type": "eu_vat", "value": "111111111"}]}
    wish = {"subscription": subscription.id, "customer_details": about}
    assert client.v1.invoices.create_preview(wish).total == 10000
    assert client.v1.invoices.create_preview({"subscription": subscription.id}).total == 11900
    untaxed = {"subscription": subscription.id, "automatic_tax": {"enabled": False}}
    assert client.v1.invoices.create_preview(untaxed).total == 10000
    assert [one.value for one in client.v1.customers.tax_ids.list(customer.id).data] == ["FRAB123456789"]


def test_a_change_of_plan_is_taxed_both_ways(shop, client, clock):
    customer = shop.customer(address=GERMANY)
    subscription = shop.subscribe(customer, shop.price(10000), **AUTOMATIC)
    clock.turn(by="10 days")
    invoice = shop.change(subscription, shop.price(20000), proration_behavior="always_invoice").latest_invoice
    given_back, asked = invoice.lines.data
    assert [line.taxes[0].amount < 0 for line in (given_back, asked)] == [True, False]
    assert invoice.total_taxes[0].amount == given_back.taxes[0].amount + asked.taxes[0].amount
    assert adds_up(invoice)
