"""What a request may say: how values are written, how large they are, and what is asked of lists and of expansion."""

from typing import Any

import pytest
import requests
import stripe

CUSTOMERS_LISTS = """
charges credit_notes invoiceitems invoices payment_intents payment_methods promotion_codes setup_intents subscriptions
subscription_schedules billing/credit_grants billing/credit_balance_transactions entitlements/active_entitlements
"""
KEY = {"Authorization": "Bearer sk_test_sandbox"}


def post(url: str, path: str, **given: Any) -> requests.Response:
    return requests.post(f"{url}/v1/{path}", headers=KEY, **given)


def error_of(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 400, response.text
    return response.json()["error"]


@pytest.fixture
def price(url: str) -> dict[str, str]:
    """The parameters of a monthly price without its amount."""
    product = post(url, "products", data={"name": "Growth"}).json()["id"]
    return {"product": product, "currency": "usd", "recurring[interval]": "month"}


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("unit_amount", "1000000000000000000"),
        ("unit_amount", "9223372036854775808"),
        ("unit_amount_decimal", "1e400"),
        ("unit_amount_decimal", "1e-400"),
        ("unit_amount_decimal", "NaN"),
        ("unit_amount_decimal", "1_0.5"),
        ("unit_amount_decimal", "٣.5"),
        ("recurring[trial_period_days]", "1000000000000"),
    ],
)
def test_amounts_have_a_size(url, price, param, value):
    given = price | {param: value}
    if not param.startswith("unit_amount"):
        given["unit_amount"] = "100"
    assert error_of(post(url, "prices", data=given))["param"] == param


@pytest.mark.parametrize("value", ["1_000", "٣", " 5", "5 ", "+5", "0x10", "1.0", "9" * 5000, "²"])
def test_an_integer_is_digits_and_nothing_else(url, price, value):
    error = error_of(post(url, "prices", data=price | {"unit_amount": value}))
    assert (error["param"], error["code"]) == ("unit_amount", "parameter_invalid_integer")
    assert len(error["message"]) < 100


@pytest.mark.parametrize("place", ["²", "٣", "9" * 5000])
def test_a_place_in_an_array_is_digits_too(url, place):
    given = {"customer": "cus_1", f"items[{place}][price]": "price_1"}
    assert error_of(post(url, "subscriptions", data=given))["param"] == "items"


def test_the_largest_quantity_of_the_dearest_price_has_a_total(url, client, shop, price):
    dearest = post(url, "prices", data=price | {"unit_amount_decimal": "999999999999.5"}).json()["id"]
    customer = shop.customer().id

    def total(quantity: int) -> int:
        items = [{"price": dearest, "quantity": quantity}]
        return client.v1.invoices.create_preview({"customer": customer, "subscription_details": {"items": items}}).total

    assert total(10**12) == 9_999_999_999_995 * 10**11
    assert len(str(total(2**63 - 1))) == 31


@pytest.mark.parametrize(
    ("path", "given", "param"),
    [
        ("coupons", {"percent_off": "1e300", "duration": "once"}, "percent_off"),
        ("coupons", {"percent_off": "5", "duration": "once", "redeem_by": "253402300800"}, "redeem_by"),
        (
            "coupons",
            {"percent_off": "5", "duration": "repeating", "duration_in_months": "1000000"},
            "duration_in_months",
        ),
        ("tax_rates", {"display_name": "VAT", "inclusive": "false", "percentage": "1e400"}, "percentage"),
        ("test_helpers/test_clocks", {"frozen_time": "253402300800"}, "frozen_time"),
        ("test_helpers/test_clocks", {"frozen_time": "-1"}, "frozen_time"),
        ("subscriptions", {"customer": "c", "trial_end": "253402300800"}, "trial_end"),
    ],
)
def test_percentages_moments_and_spans_have_a_size(url, path, given, param):
    assert error_of(post(url, path, data=given))["param"] == param


def test_no_phase_of_a_schedule_ends_beyond_the_calendar(url, shop):
    long = {"duration[interval]": "year", "duration[interval_count]": "1000", "items[0][price]": shop.price().id}
    given = {f"phases[0][{name.replace('[', '][', 1)}".replace("]]", "]"): value for name, value in long.items()}
    answer = post(url, "subscription_schedules", data={"customer": shop.customer().id, "start_date": "now", **given})
    assert error_of(answer)["param"] == "phases[0][duration][interval_count]"


@pytest.mark.parametrize("levels", [16, 5000])
def test_parameters_are_nested_sixteen_levels_deep_at_most(url, levels):
    error = error_of(post(url, "customers", data={f"metadata{'[a]' * levels}": "1"}))
    assert error["param"] == "metadata"


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({str(number): "x" for number in range(51)}, "Metadata can have up to 50 keys, but you've set 51"),
        ({"k" * 41: "x"}, "Metadata keys can have up to 40 characters, but you passed in a key that is 41"),
        ({"k": "x" * 501}, "Metadata values can have up to 500 characters, but you passed in a value that is 501"),
    ],
)
def test_metadata_has_limits(client, metadata, words):
    with pytest.raises(stripe.InvalidRequestError, match=words) as error:
        client.v1.customers.create({"metadata": metadata})
    assert error.value.param == "metadata"


def test_metadata_has_its_limit_after_merging(client):
    customer = client.v1.customers.create({"metadata": {str(number): "x" for number in range(50)}})
    with pytest.raises(stripe.InvalidRequestError, match="you've set 51"):
        client.v1.customers.update(customer.id, {"metadata": {"more": "x"}})
    assert "more" in client.v1.customers.update(customer.id, {"metadata": {"0": "", "more": "x"}}).metadata


def test_a_key_of_metadata_may_be_called_like_a_parameter(client):
    customer = client.v1.customers.create({"metadata": {"currency": "points", "price": "9", "email": "x" * 500}})
    changed = client.v1.customers.update(customer.id, {"metadata": {"price": "", "email": ""}})
    assert changed.metadata.to_dict() == {"currency": "points"}


def test_metadata_is_no_array(url):
    assert error_of(post(url, "customers", data={"metadata[]": "5"}))["param"] == "metadata"
    assert post(url, "customers", data={"metadata[0]": "5"}).json()["metadata"] == {"0": "5"}


@pytest.mark.parametrize(("name", "most"), [("description", 5000), ("email", 512)])
def test_a_text_has_a_length(url, name, most):
    error = error_of(post(url, "customers", data={name: "x" * (most + 1)}))
    assert error["param"] == name
    assert f"must be at most {most} characters" in error["message"]
    assert len(error["message"]) < 150
    assert post(url, "customers", data={"description": "x" * 5000}).status_code == 200


@pytest.mark.parametrize(
    ("path", "given", "param"),
    [
        ("coupons", {"amount_off": "5", "duration": "once", "currency": "xxx"}, "currency"),
        (
            "prices",
            {"currency": "usd", "unit_amount": "5", "currency_options[xxx][unit_amount]": "5"},
            "currency_options",
        ),
        ("customers/cus_1/balance_transactions", {"amount": "5", "currency": "dollar"}, "currency"),
        ("invoiceitems", {"customer": "cus_1", "price_data[currency]": "xxx"}, "price_data[currency]"),
    ],
)
def test_only_real_currencies_are_taken(url, path, given, param):
    if "price_data[currency]" in given:
        given = given | {"price_data[product]": "prod_1"}
    error = error_of(post(url, path, data=given))
    assert error["param"] == param
    assert error["message"].startswith("Invalid currency: ")
    assert "Stripe currently supports these currencies: usd, aed, " in error["message"]


def test_a_currency_in_capitals_is_the_same(url, client, price):
    made = post(url, "prices", data=price | {"unit_amount": "5", "currency": "EUR"}).json()
    assert made["currency"] == "eur"
    assert [one.id for one in client.v1.prices.list({"currency": "EUR"}).data] == [made["id"]]


def test_a_body_that_is_no_form_is_refused(url):
    for given in ({"json": {"name": "Ada"}}, {"data": "name=Ada", "headers": KEY | {"Content-Type": "text/plain"}}):
        answer = requests.post(f"{url}/v1/customers", **{"headers": KEY, **given})
        assert "application/x-www-form-urlencoded" in error_of(answer)["message"]


def test_a_form_of_several_parts_is_read(url):
    assert post(url, "customers", files={"name": (None, "Ada")}).json()["name"] == "Ada"


@pytest.mark.parametrize("body", [b"name=%FF", b"name=\xff", b"%FF=1"])
def test_text_that_is_not_utf_8_is_refused(url, body):
    form = KEY | {"Content-Type": "application/x-www-form-urlencoded"}
    assert "UTF-8" in error_of(requests.post(f"{url}/v1/customers", headers=form, data=body))["message"]
    assert "UTF-8" in error_of(requests.get(f"{url}/v1/customers?email=%FF", headers=KEY))["message"]


def test_the_parameters_of_a_deletion_may_stand_in_its_body(url, shop):
    subscription = shop.subscribe(shop.customer(), shop.price())
    about = {"cancellation_details[comment]": "Too loud"}
    canceled = requests.delete(f"{url}/v1/subscriptions/{subscription.id}", headers=KEY, data=about).json()
    assert canceled["cancellation_details"]["comment"] == "Too loud"


@pytest.mark.parametrize(
    ("path", "expand", "named", "hint"),
    [
        ("customers/{}", "shoe_size", "shoe_size", ""),
        ("customers/{}", "email", "email", ""),
        ("customers/{}", "metadata", "metadata", ""),
        ("customers/{}", "address", "address", ""),
        ("customers/{}", "invoice_settings.footer", "footer", ""),
        ("customers/{}", "data", "data", ""),
        ("customers/{}", "subscriptions.customer", "customer", "data.customer"),
        ("customers", "data.email", "email", ""),
        ("customers", "subscriptions", "subscriptions", "data.subscriptions"),
        ("customers/search?query=email:'a'", "subscriptions", "subscriptions", "data.subscriptions"),
    ],
)
def test_what_cannot_be_expanded_is_refused(url, shop, path, expand, named, hint):
    customer = shop.customer()
    joint = "&" if "?" in path else "?"
    answer = requests.get(f"{url}/v1/{path.format(customer.id)}{joint}expand[]={expand}", headers=KEY)
    advice = f" You may want to try expanding '{hint}' instead." if hint else ""
    assert error_of(answer)["message"] == f"This property cannot be expanded ({named}).{advice}"


def test_four_levels_are_expanded_at_most_and_a_list_is_one(client):
    path = "data.latest_invoice.payments.data.payment"
    with pytest.raises(
        stripe.InvalidRequestError, match=f"more than 4 levels of a property. Property: {path}"
    ) as error:
        client.v1.subscriptions.list({"expand": [path]})
    assert error.value.code == "property_expansion_max_depth"


def test_a_list_goes_one_way(client):
    one = client.v1.customers.create({"name": "Ada"}).id
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.list({"starting_after": one, "ending_before": one})
    assert error.value.code == "parameters_exclusive"


@pytest.mark.parametrize(
    ("path", "name"), [("customers", "customer"), ("billing/meters", "meter"), ("events", "event")]
)
def test_an_unknown_cursor_is_called_by_its_object(url, path, name):
    error = error_of(requests.get(f"{url}/v1/{path}?starting_after=x_1", headers=KEY))
    assert (error["message"], error["param"]) == (f"No such {name}: 'x_1'", "starting_after")


@pytest.mark.parametrize(
    "path",
    CUSTOMERS_LISTS.split(),
)
def test_nobody_has_no_lists(url, path):
    error = error_of(requests.get(f"{url}/v1/{path}?customer=cus_nope", headers=KEY))
    assert (error["message"], error["param"]) == ("No such customer: 'cus_nope'", "customer")
    assert error["code"] == "resource_missing"


@pytest.mark.parametrize("given", [{"name": "Ada"}, {"balance": "5", "tax[ip_address]": "nonsense"}])
def test_a_replay_names_the_first_request(url, given):
    headers = KEY | {"Idempotency-Key": "once"}
    first, again = (requests.post(f"{url}/v1/customers", headers=headers, data=given) for _ in range(2))
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert "Original-Request" not in first.headers
