"""Tax rates, and the taxes they make."""

import pytest
import stripe

from tests.sandbox.taxes import adds_up, taxes


def rate(client, percentage=19, **more):
    return client.v1.tax_rates.create({"display_name": "VAT", "percentage": percentage, "inclusive": False, **more})


def types_since(client, count=100):
    return [event.type for event in client.v1.events.list({"limit": count}).data]


def test_a_tax_rate_is_kept_with_everything_about_it(client):
    about = {"country": "DE", "jurisdiction": "DE", "state": None, "tax_type": "vat", "description": "VAT Germany"}
    made = rate(client, 19, **{name: value for name, value in about.items() if value})
    assert {name: made.to_dict()[name] for name in about} == about
    assert (made.active, made.inclusive, made.effective_percentage, made.rate_type) == (True, False, 19, "percentage")
    changed = client.v1.tax_rates.update(made.id, {"active": False, "display_name": "MwSt", "metadata": {"a": "1"}})
    assert (changed.active, changed.display_name, changed.metadata["a"]) == (False, "MwSt", "1")
    assert types_since(client) == ["tax_rate.updated", "tax_rate.created"]
    assert client.v1.tax_rates.retrieve(made.id).percentage == 19


def test_tax_rates_are_listed_by_what_they_are(client):
    on_top, included = rate(client), rate(client, inclusive=True, active=False)
    assert [one.id for one in client.v1.tax_rates.list().data] == [included.id, on_top.id]
    assert [one.id for one in client.v1.tax_rates.list({"active": True}).data] == [on_top.id]
    assert [one.id for one in client.v1.tax_rates.list({"inclusive": True}).data] == [included.id]


@pytest.mark.parametrize("percentage", [-1, 100.5])
def test_a_percentage_lies_between_0_and_100(client, percentage):
    with pytest.raises(stripe.InvalidRequestError) as error:
        rate(client, percentage)
    assert error.value.param == "percentage"


def test_the_percentage_of_a_tax_rate_never_changes(client, box):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.tax_rates.update(rate(client).id, {"percentage": 20})
    assert error.value.code == "parameter_unknown"
    box.observation.violations.clear()


@pytest.mark.parametrize("known", [True, False])
def test_archived_and_unknown_tax_rates_cannot_be_used(shop, client, known):
    rates = [rate(client, active=False).id if known else "txr_none"]
    customer, price = shop.customer(), shop.price()
    for deed in (
        lambda: shop.subscribe(customer, price, default_tax_rates=rates),
        lambda: client.v1.invoices.create({"customer": customer.id, "default_tax_rates": rates}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            deed()
        assert (error.value.param, error.value.http_status) == ("default_tax_rates[0]", 400)


def test_a_tax_rate_that_is_archived_later_goes_on(shop, client, clock):
    vat = rate(client)
    subscription = shop.subscribe(shop.customer(), shop.price(1000), default_tax_rates=[vat.id])
    client.v1.tax_rates.update(vat.id, {"active": False})
    client.v1.subscriptions.update(subscription.id, {"default_tax_rates": [vat.id]})
    clock.turn(by="32 days")
    assert [invoice.total for invoice in shop.invoices(subscription)] == [1190, 1190]
    items = [{"id": subscription["items"].data[0].id, "tax_rates": [rate(client, active=False).id]}]
    with pytest.raises(stripe.InvalidRequestError, match="archived"):
        client.v1.subscriptions.update(subscription.id, {"items": items})


def test_taxes_that_are_included_share_what_they_are_included_in(shop, client):
    rates = [rate(client, 5, inclusive=True).id, rate(client, 7, inclusive=True).id, rate(client, 10).id]
    invoice = shop.subscribe(shop.customer(), shop.price(11200), default_tax_rates=rates).latest_invoice
    assert [tax.amount for tax in invoice.total_taxes] == [500, 700, 1000]
    assert (invoice.total, invoice.total_excluding_tax) == (12200, 10000)
    assert adds_up(invoice)


@pytest.mark.parametrize(("exempt", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")])
def test_who_is_exempt_pays_no_tax_by_given_rates_either(shop, client, exempt, reason):
    customer = shop.customer(tax_exempt=exempt)
    invoice = shop.subscribe(customer, shop.price(1000), default_tax_rates=[rate(client).id]).latest_invoice
    assert (invoice.total, taxes(client, invoice)) == (1000, [(19, 0, reason)])
