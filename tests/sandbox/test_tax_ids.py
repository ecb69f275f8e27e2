"""Tax ids: their form, what the authority says of them, and where they are kept."""

import pytest
import stripe


def tax_id(client, customer, value="DE123456789", type="eu_vat"):
    return client.v1.customers.tax_ids.create(customer.id, {"type": type, "value": value})


@pytest.fixture
def customer(client):
    return client.v1.customers.create({"name": "Ada Ltd", "address": {"country": "FR"}})


def events(client, prefix="customer.tax_id"):
    return [one for one in client.v1.events.list({"limit": 100}).data[::-1] if one.type.startswith(prefix)]


@pytest.mark.parametrize(
    ("value", "status", "name"),
    [
        ("FRAB123456789", "verified", "Ada Ltd"),
        ("000000000", "verified", "Ada Ltd"),
        ("DE000000000", "verified", "Ada Ltd"),
        ("111111111", "unverified", None),
        ("222222222", "pending", None),
    ],
)
def test_the_authority_answers_after_a_moment(client, customer, clock, value, status, name):
    new = tax_id(client, customer, value)
    assert (new.customer, new.owner.type, new.verification.status) == (customer.id, "customer", "pending")
    clock.turn(by="10")
    known = client.v1.customers.tax_ids.retrieve(customer.id, new.id)
    assert (known.verification.status, known.verification.verified_name) == (status, name)
    changes = [event.data.previous_attributes for event in events(client, "customer.tax_id.updated")]
    assert [change["verification"]["status"] for change in changes] == ([] if status == "pending" else ["pending"])


@pytest.mark.parametrize(
    ("value", "type", "country"),
    [
        ("ATU12345678", "eu_vat", "AT"),
        ("EL123456789", "eu_vat", "GR"),
        ("XI123456789", "eu_vat", "GB"),
        ("000000000", "eu_vat", "FR"),
        ("GB123456789", "gb_vat", "GB"),
        ("CHE-123.456.789 MWST", "ch_vat", "CH"),
        ("12-3456789", "us_ein", "US"),
        ("12ABCDE3456FGZH", "in_gst", "IN"),
        ("EU123456789", "eu_oss_vat", None),
        ("12.345.678-K", "cl_tin", "CL"),
    ],
)
def test_a_number_of_the_right_form_tells_its_country(client, customer, value, type, country):
    assert tax_id(client, customer, value, type).country == country


@pytest.mark.parametrize(
    ("value", "type"),
    [("DE12345678", "eu_vat"), ("US123456789", "eu_vat"), ("123456789", "gb_vat"), ("1234", "us_ein"), ("-", "cl_tin")],
)
def test_a_number_of_the_wrong_form_is_refused(client, customer, value, type):
    with pytest.raises(stripe.InvalidRequestError) as error:
        tax_id(client, customer, value, type)
    assert (error.value.code, error.value.param) == ("tax_id_invalid", "value")


def test_an_unknown_type_is_refused(client, customer):
    with pytest.raises(stripe.InvalidRequestError) as error:
        tax_id(client, customer, type="mars_vat")
    assert error.value.param == "type"


def test_nobody_verifies_the_other_types(client, customer):
    assert tax_id(client, customer, "12-3456789", "us_ein").verification.status == "unavailable"


def test_a_customer_can_bring_tax_ids_along(client):
    ids = [{"type": "eu_vat", "value": "DE123456789"}, {"type": "us_ein", "value": "12-3456789"}]
    created = client.v1.customers.create({"tax_id_data": ids, "expand": ["tax_ids"]})
    assert [one.value for one in created.tax_ids.data] == ["DE123456789", "12-3456789"]
    assert [event.type for event in events(client, "customer")][:2] == ["customer.created", "customer.tax_id.created"]
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.create({"tax_id_data": [{"type": "eu_vat", "value": "DE"}]})
    assert error.value.param == "tax_id_data[0][value]"


def test_tax_ids_are_listed_newest_first_and_deleted(client, customer):
    first, second = tax_id(client, customer), tax_id(client, customer, "ATU12345678")
    listed = client.v1.customers.tax_ids.list(customer.id, {"limit": 1})
    assert ([one.id for one in listed.data], listed.has_more) == ([second.id], True)
    assert client.v1.customers.tax_ids.delete(customer.id, first.id).deleted
    assert [one.id for one in client.v1.customers.tax_ids.list(customer.id).data] == [second.id]
    assert events(client)[-1].type == "customer.tax_id.deleted"
    with pytest.raises(stripe.InvalidRequestError, match="No such tax_id"):
        client.v1.customers.tax_ids.retrieve(customer.id, first.id)


def test_a_tax_id_belongs_to_its_customer(client, customer):
    stranger = client.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="No such tax_id"):
        client.v1.customers.tax_ids.retrieve(stranger.id, tax_id(client, customer).id)


def test_the_seller_has_tax_ids_too(client, customer):
    own = client.v1.tax_ids.create({"type": "eu_vat", "value": "DE123456789"})
    owner = {"type": "customer", "customer": customer.id}
    theirs = client.v1.tax_ids.create({"type": "eu_vat", "value": "ATU12345678", "owner": owner})
    assert (own.owner.type, own.verification, theirs.customer) == ("self", None, customer.id)
    assert [one.id for one in client.v1.tax_ids.list().data] == [own.id]
    assert [one.id for one in client.v1.tax_ids.list({"owner": owner}).data] == [theirs.id]
    assert client.v1.tax_ids.retrieve(theirs.id).value == "ATU12345678"
    assert client.v1.tax_ids.delete(own.id).deleted
    assert [event.type for event in events(client)] == ["customer.tax_id.created"]


@pytest.mark.parametrize(
    ("owner", "param"),
    [
        ({"type": "account", "account": "acct_1"}, "owner[account]"),
        ({"type": "customer"}, "owner[customer]"),
        ({"type": "customer", "customer": "cus_none"}, "owner[customer]"),
    ],
)
def test_others_cannot_own_tax_ids(client, box, owner, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.tax_ids.create({"type": "eu_vat", "value": "DE123456789", "owner": owner})
    assert error.value.param == param
    box.observation.violations.clear()


def test_a_finalized_invoice_keeps_who_the_customer_was(shop, client):
    customer = shop.customer(name="Ada Ltd", address={"country": "FR"}, tax_exempt="exempt")
    old = tax_id(client, customer, "FRAB123456789")
    invoice = shop.subscribe(customer, shop.price()).latest_invoice
    client.v1.customers.tax_ids.delete(customer.id, old.id)
    changes = {"name": "Ada Inc", "address": {"country": "US"}, "tax_exempt": "none"}
    client.v1.customers.update(customer.id, changes)
    kept = client.v1.invoices.retrieve(invoice.id)
    assert [(one.type, one.value) for one in kept.customer_tax_ids] == [("eu_vat", "FRAB123456789")]
    assert (kept.customer_name, kept.customer_address.country) == ("Ada Ltd", "FR")
    assert kept.customer_tax_exempt == "exempt"
