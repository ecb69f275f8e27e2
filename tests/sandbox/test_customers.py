"""Customers: everything that is kept of them."""

import pytest
import stripe


def last_event(client):
    return client.v1.events.list({"limit": 1}).data[0]


def test_what_is_said_of_a_customer_is_kept(client):
    about = {
        "name": "Ada",
        "business_name": "Ada Ltd",
        "individual_name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0000",
        "description": "first",
        "invoice_prefix": "ADA1",
        "next_invoice_sequence": 7,
        "preferred_locales": ["en-GB", "fr"],
        "metadata": {"local_id": "1"},
    }
    created = client.v1.customers.create(about)
    assert {name: created.to_dict()[name] for name in about} == about
    cleared = client.v1.customers.update(created.id, {"business_name": "", "individual_name": "", "phone": ""})
    assert cleared.phone is None
    assert "business_name" not in cleared
    assert "individual_name" not in cleared
    assert last_event(client).data.previous_attributes["business_name"] == "Ada Ltd"


def test_metadata_is_merged(client):
    created = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    updated = client.v1.customers.update(created.id, {"metadata": {"b": "", "c": "3"}})
    assert updated.metadata.to_dict() == {"a": "1", "c": "3"}
    assert client.v1.customers.update(created.id, {"metadata": ""}).metadata.to_dict() == {}


def test_addresses_are_merged_and_removed(client):
    address = {"line1": "12 St James's Square", "city": "London", "country": "GB"}
    created = client.v1.customers.create({"address": address, "shipping": {"name": "Ada", "address": address}})
    assert (created.shipping.name, created.shipping.address.city, created.shipping.phone) == ("Ada", "London", None)
    moved = client.v1.customers.update(created.id, {"address": {"postal_code": "SW1Y 4JH"}})
    assert (moved.address.city, moved.address.postal_code) == ("London", "SW1Y 4JH")
    gone = client.v1.customers.update(created.id, {"address": "", "shipping": ""})
    assert (gone.address, gone.shipping) == (None, None)


def test_a_tax_exemption_that_is_cleared_is_none(client):
    created = client.v1.customers.create({"tax_exempt": "reverse"})
    assert client.v1.customers.update(created.id, {"tax_exempt": ""}).tax_exempt == "none"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"email": "ada at example"}, "email"),
        ({"invoice_prefix": "no"}, "invoice_prefix"),
        ({"next_invoice_sequence": 0}, "next_invoice_sequence"),
        ({"tax": {"ip_address": "next door"}}, "tax[ip_address]"),
        ({"tax_exempt": "perhaps"}, "tax_exempt"),
        ({"cash_balance": {"settings": {"reconciliation_mode": "manual"}}}, "cash_balance"),
        ({"source": "tok_visa"}, "source"),
        (
            {"invoice_settings": {"custom_fields": [{"name": str(one), "value": "x"} for one in range(5)]}},
            "invoice_settings[custom_fields]",
        ),
    ],
)
def test_nonsense_is_refused_by_name(client, params, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.create(params)
    assert error.value.param == param
    assert client.v1.customers.list().data == []


def test_a_balance_that_is_set_is_booked(client, box):
    created = client.v1.customers.create({"balance": -500})
    assert client.v1.customers.update(created.id, {"balance": -200}).balance == -200
    assert last_event(client).data.previous_attributes["balance"] == -500
    booked = box.store.of("customer_balance_transaction", "customer", created.id)
    assert [(one["type"], one["amount"], one["ending_balance"]) for one in booked] == [
        ("initial", -500, -500),
        ("adjustment", 300, -200),
    ]


def test_invoices_say_what_their_customer_wants(shop, client):
    wishes = {
        "custom_fields": [{"name": "Purchase order", "value": "4711"}],
        "footer": "Thank you",
        "rendering_options": {"amount_tax_display": "exclude_tax"},
    }
    customer = shop.customer(invoice_settings=wishes)
    invoice = shop.subscribe(customer, shop.price()).latest_invoice
    assert (invoice.custom_fields[0].value, invoice.footer) == ("4711", "Thank you")
    assert invoice.rendering.amount_tax_display == "exclude_tax"
    update = {"invoice_settings": {"custom_fields": "", "rendering_options": ""}}
    settings = client.v1.customers.update(customer.id, update).invoice_settings
    assert (settings.custom_fields, settings.footer, settings.rendering_options) == (None, "Thank you", None)
    assert settings.default_payment_method


def test_customers_are_found_by_email_and_time(client, clock):
    ada = client.v1.customers.create({"email": "ada@example.com"})
    later = clock.turn(by="1 day")
    bob = client.v1.customers.create({"email": "bob@example.com"})

    def found(**filters):
        return [one.id for one in client.v1.customers.list(filters).data]

    assert found(email="ada@example.com") == [ada.id]
    assert found(created={"gte": later}) == [bob.id]
    assert found(created={"lt": later}) == [ada.id]
    assert found() == [bob.id, ada.id]


def test_a_deleted_customer_is_gone_for_good(shop, client):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price())
    assert client.v1.customers.delete(customer.id).deleted
    assert client.v1.customers.retrieve(customer.id).deleted
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert client.v1.customers.list().data == []
    assert last_event(client).type == "customer.deleted"
    for deed in (
        lambda: client.v1.customers.update(customer.id, {"name": "Eve"}),
        lambda: client.v1.customers.delete(customer.id),
        lambda: client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"}),
        lambda: shop.subscribe(customer, shop.price()),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            deed()


def test_nothing_is_given_to_a_deleted_customer(shop, client):
    gone = shop.customer(card=None).id
    client.v1.customers.delete(gone)
    coupon = client.v1.coupons.create({"percent_off": 10}).id
    grant = {
        "customer": gone,
        "category": "paid",
        "amount": {"type": "monetary", "monetary": {"value": 500, "currency": "usd"}},
        "applicability_config": {"scope": {"price_type": "metered"}},
    }
    deeds = (
        lambda: client.v1.payment_methods.attach("pm_card_visa", {"customer": gone}),
        lambda: client.v1.billing.credit_grants.create(grant),
        lambda: client.v1.promotion_codes.create(
            {"promotion": {"type": "coupon", "coupon": coupon}, "customer": gone, "code": "LATE"}
        ),
        lambda: client.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000, "customer": gone}),
        lambda: client.v1.payment_intents.create({"amount": 500, "currency": "usd", "customer": gone}),
    )
    for deed in deeds:
        with pytest.raises(stripe.InvalidRequestError) as error:
            deed()
        assert (error.value.code, error.value.param) == ("resource_missing", "customer")


def test_a_card_can_be_attached_and_made_the_default_by_its_name(client):
    named = "pm_card_visa"
    settings = {"default_payment_method": named}
    ada = client.v1.customers.create({"payment_method": named, "invoice_settings": settings})
    (method,) = client.v1.customers.payment_methods.list(ada.id).data
    assert ada.invoice_settings.default_payment_method == method.id
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        client.v1.customers.create({"invoice_settings": settings})
