"""One key, one deed: over HTTP, and by several clients at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.core import Sandbox, Settings
from sandbox.routing import HANDLERS
from sandbox.server import Server
from tests.sandbox.shop import secret_of

KEY = {"Authorization": "Bearer sk_test_sandbox"}
DAY = 86400


@pytest.fixture
def post(url):
    """POST under a key; answers the response."""

    def run(key: str, path: str = "/v1/customers", method: str = "POST", **data: str) -> requests.Response:
        return requests.request(method, f"{url}{path}", headers=KEY | {"Idempotency-Key": key}, data=data)

    return run


def outcome(response: requests.Response) -> tuple[int, bool]:
    return response.status_code, response.headers.get("Idempotent-Replayed") == "true"


def test_of_many_at_once_one_is_done_and_the_others_wait_or_repeat_it(post, client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post("at once", name="Ada"), range(24)))
    assert len(client.v1.customers.list().data) == 1
    assert [outcome(one) for one in answers].count((200, False)) == 1
    assert {outcome(one) for one in answers} <= {(200, False), (200, True), (409, False)}
    assert len({one.json()["id"] for one in answers if one.status_code == 200}) == 1


def test_a_second_request_is_refused_while_the_first_runs(post, box, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    create = HANDLERS["POST", "/v1/customers"]

    def slowly(call):
        begun.set()
        assert go_on.wait(30)
        return create(call)

    monkeypatch.setitem(HANDLERS, ("POST", "/v1/customers"), slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, "slow", name="Ada")
        assert begun.wait(30)
        refused = post("slow", name="Ada")
        go_on.set()
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "idempotency_error")
    assert refused.json()["error"]["code"] == "idempotency_key_in_use"
    assert outcome(first.result()) == (200, False)
    assert outcome(post("slow", name="Ada")) == (200, True)


def test_a_declined_card_is_declined_again_without_a_second_charge(post, shop, client):
    customer = shop.customer("pm_card_chargeCustomerFail")
    data = {"customer": customer.id, "amount": "500", "currency": "usd", "confirm": "true"}
    data["return_url"] = "http://portal.test/back"
    data["payment_method"] = customer.invoice_settings.default_payment_method
    first, again = (post("poor", "/v1/payment_intents", **data) for _ in range(2))
    assert (outcome(first), outcome(again)) == ((402, False), (402, True))
    assert again.json() == first.json()
    assert len(client.v1.charges.list().data) == 1


def test_a_failed_charge_and_the_answer_about_it_last_together(post, shop, box, monkeypatch):
    customer = shop.customer("pm_card_chargeCustomerFail")
    data = {"customer": customer.id, "amount": "500", "currency": "usd", "confirm": "true"}
    data["return_url"] = "http://portal.test/back"
    data["payment_method"] = customer.invoice_settings.default_payment_method
    settle, written = box._settle, []

    def note():
        written.append({kind for kind, _ in box.store.touched()})
        return settle()

    monkeypatch.setattr(box, "_settle", note)
    assert outcome(post("poor", "/v1/payment_intents", **data)) == (402, False)
    (kinds,) = [kinds for kinds in written if "charge" in kinds]
    assert "_idempotency" in kinds


def test_a_failure_of_the_sandbox_is_repeated_too(post, box, client, monkeypatch, caplog):
    create = HANDLERS["POST", "/v1/customers"]

    def failing(call):
        create(call)
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, ("POST", "/v1/customers"), failing)
    assert outcome(post("broken", name="Ada")) == (500, False)
    monkeypatch.undo()
    again = post("broken", name="Ada")
    assert (outcome(again), again.json()["error"]["type"]) == ((500, True), "api_error")
    assert client.v1.customers.list().data == []
    assert "ZeroDivisionError" in caplog.text
    box.observation.clear()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/v1/customers", {"name": "Bob"}),
        ("/v1/customers", {"name": "Ada", "expand[0]": "subscriptions"}),
        ("/v1/products", {"name": "Ada"}),
    ],
)
def test_a_key_stands_for_one_path_and_one_set_of_parameters(post, path, data):
    post("once", name="Ada")
    refused = post("once", path, **data)
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "idempotency_error")
    assert "'once'" in refused.json()["error"]["message"]


def test_the_order_in_which_parameters_are_sent_does_not_matter(post, url):
    first = post("order", name="Ada", email="ada@example.com")
    again = post("order", email="ada@example.com", name="Ada")
    assert outcome(again) == (200, True)
    assert again.json() == first.json()


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/v1/customers", {"nme": "Ada"}, 400),
        ("/v1/customers", {"next_invoice_sequence": "many"}, 400),
        ("/v1/nothing", {}, 404),
    ],
)
def test_what_was_never_begun_is_not_kept(post, box, path, data, status):
    assert outcome(post("typo", path, **data)) == (status, False)
    assert outcome(post("typo", name="Ada")) == (200, False)
    box.observation.clear()


def test_a_stranger_leaves_nothing_under_a_key(post, url):
    stranger = {"Authorization": "Bearer sk_test_wrong", "Idempotency-Key": "mine"}
    assert requests.post(f"{url}/v1/customers", headers=stranger, data={"name": "Ada"}).status_code == 401
    assert outcome(post("mine", name="Ada")) == (200, False)


def test_a_key_lasts_a_day_of_the_sandboxs_time(post, clock):
    first = post("daily", name="Ada")
    clock.turn(by=str(DAY - 60))
    assert post("daily", name="Ada").json()["id"] == first.json()["id"]
    clock.turn(by="60")
    assert outcome(post("daily", name="Bob")) == (200, False)


def test_old_keys_are_not_kept_for_ever(post, box, clock):
    for number in range(5):
        post(f"old {number}", name="Ada")
    clock.turn(by="2 days")
    post("new", name="Ada")
    assert [one["id"] for one in box.store.list("_idempotency")] == ["new"]


def test_keys_have_255_characters_at_most(post):
    assert outcome(post("k" * 255, name="Ada")) == (200, False)
    refused = post("k" * 256, name="Ada")
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "idempotency_error")


def test_get_and_delete_take_no_notice_of_keys(post, client):
    customer = client.v1.customers.create({"name": "Ada"})
    path = f"/v1/customers/{customer.id}"
    client.v1.customers.update(customer.id, {"name": "Eva"})
    assert post("mixed", path, "GET").json()["name"] == "Eva"
    client.v1.customers.update(customer.id, {"name": "Ida"})
    assert post("mixed", path, "GET").json()["name"] == "Ida"
    assert outcome(post("mixed", path, "DELETE")) == (200, False)
    assert outcome(post("mixed", path, "DELETE")) == (404, False)
    assert outcome(post("mixed", name="Ada")) == (200, False)


def test_every_answer_has_an_id_of_its_own_and_tells_its_key(post, url):
    answers = [post("once", name="Ada"), post("once", name="Ada"), post("once", name="Bob"), post("x", "/v1/none")]
    answers += [requests.get(f"{url}/v1/customers"), requests.get(f"{url}/v1/"), requests.get(f"{url}/v2/core/events")]
    ids = [one.headers["Request-Id"] for one in answers]
    assert all(id.startswith("req_") for id in ids)
    assert len(set(ids)) == len(ids)
    assert [one.headers.get("Idempotency-Key") for one in answers[:4]] == ["once"] * 3 + ["x"]


def test_a_page_is_repeated_no_more_than_it_was_told(shop, visitor, url):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    secret = secret_of(subscription)
    method = visitor.card("4000000000000002").json()["id"]
    headers = {"Authorization": "Bearer pk_test_sandbox", "Idempotency-Key": "page"}
    path = f"{url}/v1/payment_intents/{secret.split('_secret')[0]}/confirm"
    data = {"client_secret": secret, "payment_method": method}
    first, again = (requests.post(path, headers=headers, data=data) for _ in range(2))
    assert (outcome(first), outcome(again)) == ((402, False), (402, True))
    assert again.json() == first.json()
    assert "customer" not in again.json()["error"]["payment_intent"]


def test_keys_outlive_the_process(tmp_path):
    settings = Settings(data=str(tmp_path / "stripe.db"))

    def create(name: str) -> tuple[int, dict]:
        with Server(Sandbox(settings)) as server:
            headers = KEY | {"Idempotency-Key": "once"}
            answer = requests.post(f"{server.url}/v1/customers", headers=headers, data={"name": name})
            return answer.status_code, answer.json()

    first = create("Ada")
    assert create("Ada") == first
    assert create("Bob")[0] == 400


def test_an_answer_kept_is_small(post, shop, box):
    customer, price = shop.customer(), shop.price()
    made = post("big", "/v1/subscriptions", customer=customer.id, **{"items[0][price]": price.id})
    (kept,) = [one for one in box.store.list("_idempotency") if one["id"] == "big"]
    assert len(kept["body"]) < len(made.content) / 2
