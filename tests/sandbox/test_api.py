"""The door itself: keys, version, validation, idempotency, envelopes."""

import threading

import pytest
import requests
import stripe

from sandbox.core import Sandbox, Settings
from sandbox.server import Server
from tests.sandbox.waiting import until

KEY = {"Authorization": "Bearer sk_test_sandbox"}


def refused(url, path="/v1/customers", headers=None, **data):
    response = requests.post(f"{url}{path}", headers=KEY if headers is None else headers, data=data)
    assert response.headers["Request-Id"].startswith("req_")
    return response.status_code, response.json()["error"]


def test_a_request_without_a_key_is_unauthorized(url):
    status, error = refused(url, headers={})
    assert (status, error["type"]) == (401, "invalid_request_error")


def test_a_strangers_key_is_unauthorized_and_masked(url):
    status, error = refused(url, headers={"Authorization": "Bearer sk_test_somebody_else"})
    assert status == 401
    assert "somebody" not in error["message"]


@pytest.mark.parametrize("key", ["sk_live_real", "rk_live_real", "pk_live_real", "SK_LIVE_real"])
def test_a_live_key_is_refused_and_written_down_nowhere(url, key):
    ways = [
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"auth": (key, "")},
        {"data": {"key": key, "name": "Ada"}},
    ]
    for way in ways:
        response = requests.post(f"{url}/v1/customers", **way)
        assert response.status_code == 401
        assert "live key has no business in a sandbox" in response.json()["error"]["message"]
        assert "_real" not in response.text
    assert "_real" not in requests.get(f"{url}/_sandbox/log").text


def test_a_publishable_key_opens_only_what_a_browser_needs(url):
    status, error = refused(url, headers={"Authorization": "Bearer pk_test_sandbox"})
    assert (status, error["code"]) == (403, "secret_key_required")


def test_another_api_version_is_refused_loudly(url):
    status, error = refused(url, headers=KEY | {"Stripe-Version": "2020-08-27"})
    assert status == 400
    assert "2026-10-28.endive" in error["message"]


def test_urls_the_api_does_not_have_and_urls_nobody_plays_look_alike(url):
    for path in ("/v1/nonsense", "/v1/issuing/cards"):
        status, error = refused(url, path)
        assert status == 404
        assert error["message"].startswith("Unrecognized request URL")


@pytest.mark.parametrize(
    ("path", "params", "code", "param"),
    [
        ("/v1/customers", {"colour": "red"}, "parameter_unknown", "colour"),
        ("/v1/customers", {"address[planet]": "Mars"}, "parameter_unknown", "address[planet]"),
        ("/v1/prices", {"product": "p"}, "parameter_missing", "currency"),
        ("/v1/coupons", {"percent_off": "10", "redeem_by": "soon"}, "parameter_invalid_integer", "redeem_by"),
        ("/v1/subscriptions", {"customer": "c", "items[0][colour]": "x"}, "parameter_unknown", "items[0][colour]"),
        ("/v1/subscriptions", {"items[0][price]": "p"}, "parameter_missing", "customer"),
        ("/v1/subscriptions", {"customer": "c", "coupon": "x"}, "parameter_unknown", "coupon"),
        ("/v1/subscriptions/sub_x", {"billing_cycle_anchor": "now"}, None, "billing_cycle_anchor"),
        ("/v1/promotion_codes", {"coupon": "x"}, "parameter_unknown", "coupon"),
        (
            "/v1/setup_intents",
            {"payment_method_types[]": "card"},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
    ],
)
def test_parameters_the_contract_does_not_know_are_refused_by_name(url, box, path, params, code, param):
    status, error = refused(url, path, **params)
    assert (status, error.get("code"), error["param"]) == (400, code, param)
    box.observation.clear()


def test_booleans_and_enums_must_be_what_they_say(url):
    assert refused(url, "/v1/products", name="x", active="yes")[1]["param"] == "active"
    _, error = refused(url, "/v1/coupons", percent_off="10", duration="weekly")
    assert error["message"] == "Invalid duration: must be one of forever, once, repeating"


def test_metadata_is_merged_and_an_empty_value_removes(client):
    customer = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = client.v1.customers.update(customer.id, {"metadata": {"b": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}
    assert client.v1.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}


def test_unknown_ids_are_a_404_in_the_path_and_a_400_in_a_parameter(client):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.retrieve("cus_nobody")
    assert (error.value.http_status, error.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.prices.create({"currency": "usd", "unit_amount": 1, "product": "prod_none"})
    assert (error.value.http_status, error.value.param) == (400, "product")


def test_a_repeated_key_replays_the_first_answer(client, url):
    headers = KEY | {"Idempotency-Key": "once"}
    first = requests.post(f"{url}/v1/customers", headers=headers, data={"name": "Ada"})
    again = requests.post(f"{url}/v1/customers", headers=headers, data={"name": "Ada"})
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.customers.list().data) == 1


def test_a_key_cannot_name_two_deeds(client):
    client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "once"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "once"})


def test_nothing_is_kept_under_a_key_when_validation_fails(client, url, box):
    headers = KEY | {"Idempotency-Key": "once"}
    assert requests.post(f"{url}/v1/customers", headers=headers, data={"nme": "Ada"}).status_code == 400
    assert requests.post(f"{url}/v1/customers", headers=headers, data={"name": "Ada"}).status_code == 200
    box.observation.clear()


def test_a_key_in_use_is_a_conflict(box, url):
    headers = KEY | {"Idempotency-Key": "slow"}
    statuses = []

    def create():
        statuses.append(requests.post(f"{url}/v1/customers", headers=headers, data={"name": "Ada"}).status_code)

    with box.lock:  # the first request waits here, holding its key
        threads = [threading.Thread(target=create, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: len(statuses) == 2, "two refusals")
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409]


def test_a_key_is_free_again_after_a_day(client, clock):
    client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "daily"})
    clock.turn(by="1 day")
    assert client.v1.customers.create({"name": "Bob"}, {"idempotency_key": "daily"}).name == "Bob"


def test_lists_page_with_cursors_newest_first(client):
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(5)]
    page = client.v1.customers.list({"limit": 2})
    assert ([one.id for one in page.data], page.has_more) == (made[:2:-1], True)
    assert [one.id for one in page.auto_paging_iter()] == made[::-1]
    back = client.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert [one.id for one in back.data] == [made[2], made[1]]


def test_lists_filter_by_time(client, clock):
    old = client.v1.customers.create({"name": "old"})
    clock.turn(by="1 day")
    client.v1.customers.create({"name": "new"})
    found = client.v1.customers.list({"created": {"lte": old.created}})
    assert [one.name for one in found.data] == ["old"]


def test_fields_are_expanded_four_levels_deep_and_through_lists(client, shop):
    subscription = shop.subscribe(shop.customer(), shop.price())
    paths = ["data.latest_invoice.payments.data", "data.customer", "data.items.data.price"]
    (found,) = client.v1.subscriptions.list({"expand": paths}).data
    assert found.id == subscription.id
    assert found.latest_invoice.payments.data[0].status == "paid"
    assert found.customer.name == "Ada"
    invoice = client.v1.invoices.retrieve(found.latest_invoice.id, {"expand": ["payments.data.payment.payment_intent"]})
    assert invoice.payments.data[0].payment.payment_intent.status == "succeeded"


def test_includable_fields_stay_away_until_asked_for(client, shop):
    customer = shop.customer()
    shop.subscribe(customer, shop.price())
    assert "subscriptions" not in client.v1.customers.retrieve(customer.id)
    shown = client.v1.customers.retrieve(customer.id, {"expand": ["subscriptions", "tax_ids"]})
    assert len(shown.subscriptions.data) == 1
    assert shown.tax_ids.data == []


def test_expand_is_also_read_with_empty_brackets(url, shop):
    price = shop.price()
    response = requests.get(f"{url}/v1/prices/{price.id}?expand[]=product", headers=KEY)
    assert response.json()["product"]["name"] == "Growth"


def test_an_error_after_the_first_write_leaves_nothing_behind(client, shop):
    customer = shop.customer("pm_card_chargeCustomerFail")
    price = shop.price()
    before = len(client.v1.events.list({"limit": 100}).data)
    with pytest.raises(stripe.CardError):
        shop.subscribe(customer, price, payment_behavior="error_if_incomplete")
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.invoices.list().data == []
    assert len(client.v1.events.list({"limit": 100}).data) == before


def test_the_secret_key_works_as_a_basic_user_name(url):
    assert requests.get(f"{url}/v1/customers", auth=("sk_test_sandbox", "")).status_code == 200


@pytest.mark.parametrize("given", [{"secret_key": "sk_live_real"}, {"publishable_key": "pk_live_real"}])
def test_a_live_key_is_refused_at_the_start(given):
    with pytest.raises(ValueError, match="live key") as error:
        Settings(**given)
    assert "real" not in str(error.value)


def test_it_listens_on_this_machine_only_unless_told():
    here, everywhere = Server(Sandbox()), Server(Sandbox(), host="0.0.0.0")
    for server, address in ((here, "127.0.0.1"), (everywhere, "0.0.0.0")):
        assert server._server.server_address[0] == address
        server._server.server_close()
        server.box.close()


def test_any_page_may_call_what_a_browser_may_call(url):
    asked = requests.options(f"{url}/v1/payment_methods", headers={"Origin": "http://portal.test"})
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    refused = requests.post(f"{url}/v1/payment_methods", headers={"Origin": "http://portal.test"})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "*")


def test_no_page_of_others_may_turn_the_clock(url):
    foreign = {"Origin": "http://portal.test"}
    assert requests.post(f"{url}/_sandbox/reset", headers=foreign).status_code == 403
    assert requests.post(f"{url}/_sandbox/clock", json={"by": "60"}, headers={"Origin": url}).status_code == 200


def test_every_other_method_and_version_gets_an_envelope_too(url):
    for response in (requests.put(f"{url}/v1/customers"), requests.get(f"{url}/v2/core/events")):
        assert response.json()["error"]["type"] == "invalid_request_error"


def test_the_log_remembers_who_asked_for_what(client, url):
    client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "once"})
    (visit,) = requests.get(f"{url}/_sandbox/log").json()["data"]
    assert (visit["method"], visit["path"], visit["status"]) == ("POST", "/v1/customers", 200)
    assert (visit["params"], visit["idempotency_key"]) == ({"name": "Ada"}, "once")


def test_a_connection_is_kept_for_the_next_request(url):
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(f"{url}/_sandbox/clock").status_code == 200
        pools = session.get_adapter(url).poolmanager.pools
        (known,) = pools.keys()
        assert pools[known].num_connections == 1


def test_a_customer_pays_in_one_currency(shop, client):
    customer, price = shop.customer(), shop.price()
    shop.subscribe(customer, price)
    params = {"product": price.product, "currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}}
    with pytest.raises(stripe.InvalidRequestError, match="combine currencies"):
        shop.subscribe(customer, client.v1.prices.create(params))


def test_successes_are_counted_by_operation_over_resets(client, box, url):
    def counted():
        return requests.get(f"{url}/_sandbox/operations").json()

    line = "GET /v1/customers/{customer}"
    before = counted()["data"].get(line, 0)
    customer = client.v1.customers.create({"name": "Ada"})
    client.v1.customers.retrieve(customer.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve("cus_nobody")
    box.reset()
    assert counted()["data"][line] == before + 1
    assert {line, "POST /v1/customers"} <= set(counted()["played"])


@pytest.mark.parametrize(
    ("path", "params", "param"),
    [
        ("products", {"name": ""}, "name"),
        ("products", {"name": "Growth", "images[0]": ""}, "images[0]"),
        (
            "billing/meters",
            {"display_name": "Calls", "event_name": "", "default_aggregation[formula]": "sum"},
            "event_name",
        ),
    ],
)
def test_what_must_be_there_cannot_be_emptied(url, box, path, params, param):
    answer = requests.post(f"{url}/v1/{path}", data=params, headers={"Authorization": "Bearer sk_test_sandbox"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "parameter_invalid_empty", param)
