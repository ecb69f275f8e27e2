"""``/_sandbox`` and the command line when they are asked for nonsense: a sentence, and nothing has changed."""

import contextlib
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

from sandbox.__main__ import main, start_instant
from sandbox.core import Sandbox, Settings
from sandbox.server import Server
from tests.sandbox.shop import Shop, client_for
from tests.sandbox.waiting import until

DAY = 86400
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def ask(url):
    """The sentence with which a wish is refused."""

    def post(path, wish):
        answer = requests.post(f"{url}/_sandbox/{path}", json=wish)
        assert answer.status_code == 400, answer.text
        return answer.json()["error"]

    return post


def test_the_clock_goes_twenty_years_at_once_and_no_further(ask, clock):
    now = clock.now()
    assert "20 years" in ask("clock", {"to": now + 21 * 366 * DAY})
    for wish in ({"by": "21 years"}, {"by": "9999999999"}, {"by": "999999999999 months"}, {"by": 10**40}):
        assert ask("clock", wish).startswith("by:")
    assert clock.now() - now < 60
    assert clock.turn(to=now + 19 * 366 * DAY) == now + 19 * 366 * DAY


def test_milliseconds_are_told_from_seconds(ask):
    assert "1800000000000 looks like milliseconds" in ask("clock", {"to": 1_800_000_000_000})


@pytest.mark.parametrize("to", [True, 1.8e9, "1800000000", "tomorrow", None, [], {}])
def test_the_clock_goes_to_whole_seconds_only(ask, to):
    assert ask("clock", {"to": to}) == 'to: must be a whole number, in unix seconds, or "next"'


@pytest.mark.parametrize("by", [True, 1.5, "", "-5", -5, "a while", "٣ days", None, ["1 day"]])
def test_the_clock_goes_by_spans_only(ask, by):
    assert ask("clock", {"by": by}).startswith("by: must be a whole number of seconds, or like '1 day'")


@pytest.mark.parametrize("wish", [{}, {"by": 5, "to": 5}])
def test_the_clock_is_told_one_thing(ask, wish):
    assert ask("clock", wish).startswith("say either by")


def test_a_stopped_clock_goes_no_further_and_keeps_what_it_did():
    box = Sandbox(Settings())
    with Server(box) as server:
        shop = Shop(client_for(server.url))
        for _ in range(20):
            shop.subscribe(shop.customer(), shop.price(interval="week"))
        begun = box.clock.now()
        problems = []

        def turn():
            try:
                box.clock.advance(begun + 7000 * DAY)
            except ValueError as problem:
                problems.append(str(problem))

        turning = threading.Thread(target=turn)
        turning.start()
        until(lambda: box.clock.now() > begun + 30 * DAY, "the clock to move")
        box.close()
        turning.join()
    assert problems == ["the sandbox is closing, and its clock stays where it came to"]
    assert begun + 30 * DAY < box.clock.now() < begun + 7000 * DAY


def test_a_program_whose_clock_turns_ends_when_it_is_told_to():
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url = program.stdout.readline().split()[-1]
    shop = Shop(client_for(url))
    for _ in range(20):
        shop.subscribe(shop.customer(), shop.price(interval="week"))
    begun = requests.get(f"{url}/_sandbox/clock").json()["now"]
    long = {"url": f"{url}/_sandbox/clock", "json": {"by": "19 years"}}
    threading.Thread(target=_unanswered, kwargs=long, daemon=True).start()
    until(lambda: requests.get(f"{url}/_sandbox/clock").json()["now"] > begun + 30 * DAY, "the clock to move")
    told = time.monotonic()
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == 0
    assert time.monotonic() - told < 10  # far less than the turn would take, and enough for a busy machine


def _unanswered(**request):
    with contextlib.suppress(requests.RequestException):
        requests.post(**request, timeout=60)


@pytest.mark.parametrize(
    ("wish", "begins"),
    [
        ({"now": "abc"}, "now: must be a whole number"),
        ({"now": 1e30}, "now:"),
        ({"now": 10**30}, "now:"),
        ({"now": -5}, "now:"),
        ({"now": True}, "now:"),
        ({"records": 5}, "records:"),
        ({"records": [{"a": 1}]}, "records[0]:"),
        ({"records": [5]}, "records[0]:"),
        ({"records": [{"object": "customer"}]}, "records[0].id:"),
        ({"records": [{"object": "customer", "id": "cus_x"}]}, "records[0]."),
        ({"record": []}, "record: there is no such field here, only now, records"),
    ],
)
def test_a_reset_that_makes_no_sense_forgets_nothing(ask, shop, wish, begins):
    customer = shop.customer()
    assert ask("reset", wish).startswith(begins)
    assert shop.v1.customers.retrieve(customer.id).id == customer.id


def test_records_of_a_snapshot_are_there_after_the_reset(url, shop):
    subscription = shop.subscribe(shop.customer(), shop.price())
    types = "customer,payment_method,product,price,subscription,subscription_item"
    records = requests.get(f"{url}/_sandbox/snapshot?types={types}").json()["records"]
    assert requests.post(f"{url}/_sandbox/reset", json={"records": records}).status_code == 200
    assert shop.reload(subscription).status == "active"
    answer = requests.get(f"{url}/_sandbox/snapshot?types=thing")
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "types: thing is no type of object, as product or price is",
    )


@pytest.mark.parametrize("wish", [{"coupon": ["a"]}, {"promotion_code": {}}, {"coupon": None}, {"coupon": "none"}, {}])
def test_a_discount_that_makes_no_sense_is_refused_in_json(ask, shop, wish):
    assert ask(f"customers/{shop.customer().id}/discount", wish)


def test_a_wrong_address_is_answered_in_json(url):
    for method, path, status in (("GET", "nothing", 404), ("PUT", "clock", 405), ("GET", "reset", 405)):
        answer = requests.request(method, f"{url}/_sandbox/{path}")
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert "text/html" in requests.get(f"{url}/nothing").headers["Content-Type"]


PATHS = ["clock", "reset", "deliveries", "events/evt_x/send", "replay", "endpoints/we_x/roll", "faults"]
PATHS += ["faults/release", "billing", "customers/cus_x/discount", "payment_methods/pm_x/renew"]


@pytest.mark.parametrize("path", PATHS)
def test_every_wish_is_a_json_object_that_says_so(url, path):
    bodies = [("{", JSON), ("[]", JSON), ("5", JSON), ("null", JSON), (b"\xff", JSON), ("[" * 100_000, JSON)]
    bodies += [("{}", {}), ("{}", {"Content-Type": "application/x-www-form-urlencoded"})]
    for body, headers in bodies:
        answer = requests.post(f"{url}/_sandbox/{path}", data=body, headers=headers)
        told = (400, {"error": "send a JSON object with Content-Type: application/json"})
        assert (answer.status_code, answer.json()) == told, body[:9]


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_field_is_refused_by_its_name(ask, path):
    assert ask(path, {"surprise": 1}).startswith("surprise: there is no such field here")


def test_what_needs_no_wish_takes_an_empty_body(url, shop):
    shop.customer()
    event = requests.get(f"{url}/_sandbox/events?limit=1").json()["data"][0]["id"]
    for path in (f"events/{event}/send", "faults/release", "reset"):
        assert requests.post(f"{url}/_sandbox/{path}").status_code == 200
    assert requests.post(f"{url}/_sandbox/events/evt_none/send").status_code == 404


@pytest.mark.parametrize("wish", [{"paused": "no"}, {"paused": 0}, {}, {"retries": ["quick"]}])
def test_deliveries_are_held_by_true_and_false_only(ask, box, wish):
    before = box.courier.paused
    ask("deliveries", wish)
    assert box.courier.paused is before


@pytest.mark.parametrize(
    ("path", "wish", "field"),
    [
        ("faults", {"plan": [{"call": ["reset"]}]}, "plan[0].call"),
        ("faults", {"plan": [], "seed": True}, "seed"),
        ("replay", {"seed": 1.5}, "seed"),
        ("replay", {"order": ["created"]}, "order"),
    ],
)
def test_a_wrong_field_is_named(ask, path, wish, field):
    assert ask(path, wish).startswith(f"{field}:")


@pytest.mark.parametrize("text", ["92d", "-92d"])
def test_the_start_is_so_many_days_ago(text):
    assert start_instant(text) == pytest.approx(time.time() - 92 * DAY, abs=5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--start-at", "soon"], "soon is neither so many days ago, like 92d, nor a unix time"),
        (["--start-at", "1800000000000"], "1800000000000 is neither"),
        (["--port", "99999"], "99999 is no number from 0 to 65535"),
        (["--port", "http"], "http is no number from 0 to 65535"),
        (["--webhook-url", "notaurl"], "webhook_url: notaurl is no address"),
        (["--seller-country", "XX"], "seller_country: XX is no country"),
    ],
)
def test_the_command_line_is_refused_in_a_sentence(options, sentence, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sandbox", *options])
    with pytest.raises(SystemExit) as end:
        main()
    assert sentence in f"{end.value.code} {capsys.readouterr().err}"
