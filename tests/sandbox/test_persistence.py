"""``--data FILE``: what was answered is there after a crash."""

import contextlib
import dataclasses
import signal
import sqlite3
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
import requests
import stripe

from sandbox.core import Sandbox, Settings
from tests.sandbox.shop import Browser, Shop, client_for, secret_of
from tests.sandbox.waiting import until

START = 1798761600
DAY = 86400


class Program:
    """``python -m sandbox`` with a file."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--strict", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline()
        self.url = self.line.split()[-1]
        self.shop = Shop(client_for(self.url))

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


@pytest.fixture
def start(tmp_path):
    programs = []

    def run(*options):
        programs.append(Program("--data", str(tmp_path / "stripe.db"), *options))
        return programs[-1]

    yield run
    for program in programs:
        if program.process.poll() is None:
            program.end(signal.SIGKILL)


def test_a_killed_sandbox_goes_on_where_it_was(start):
    first = start("--start-at", "1798761600")
    customer, price = first.shop.customer(), first.shop.price()
    options = {"idempotency_key": "once"}
    params = {"customer": customer.id, "items": [{"price": price.id}]}
    requests.post(f"{first.url}/_sandbox/clock", json={"by": "10 days"})
    subscription = first.shop.v1.subscriptions.create(params, options)
    first.end(signal.SIGKILL)

    second = start("--start-at", "1798761600")
    now = requests.get(f"{second.url}/_sandbox/clock").json()["now"]
    assert now == pytest.approx(1798761600 + 10 * 86400, abs=3600)
    assert second.shop.v1.subscriptions.create(params, options).id == subscription.id
    assert second.shop.v1.customers.retrieve(customer.id).name == "Ada"
    assert len(second.shop.v1.events.list({"limit": 100}).data) > 10
    requests.post(f"{second.url}/_sandbox/clock", json={"by": "32 days"})
    assert [invoice.status for invoice in second.shop.invoices(subscription)] == ["paid", "paid"]
    assert requests.get(f"{second.url}/_sandbox/violations").json()["data"] == []


def test_a_payment_begun_before_the_crash_ends_after_it(start):
    first = start()
    customer = first.shop.customer(card=None)
    subscription = first.shop.subscribe(customer, first.shop.price(), payment_behavior="default_incomplete")
    Browser(first.url).confirm(secret_of(subscription), "4000002500003155")
    first.end(signal.SIGKILL)
    second = start()
    assert Browser(second.url).authenticate(secret_of(subscription)).json()["intent"]["status"] == "succeeded"
    assert second.shop.reload(subscription).status == "active"


@pytest.mark.parametrize("former", ["the same", "http://127.0.0.1:9/webhooks"])
def test_deliveries_that_were_due_are_made_after_a_restart(tmp_path, receiver, former):
    settings = Settings(data=str(tmp_path / "stripe.db"), webhook_url=receiver.url, webhook_secret="whsec_of_the_tests")
    receiver.bodies.clear()
    moved = former != "the same"
    box = Sandbox(dataclasses.replace(settings, webhook_url=former) if moved else settings)
    box.courier.pause(True)
    with box.transaction():
        box.events.record(
            "customer.created", box.store.add({**box.contract.blank("customer"), "id": "cus_x", "created": 1})
        )
    box.close()
    again = Sandbox(settings)
    until(lambda: again.courier.pending() == 0, "the deliveries to end")
    assert [event.type for event in receiver.events] == ["customer.created"]
    assert again.store.count("webhook_endpoint") == 1
    again.close()


def test_a_reset_forgets_the_file_too(tmp_path):
    settings = Settings(data=str(tmp_path / "stripe.db"))
    box = Sandbox(settings)
    with box.transaction():
        box.store.add({"object": "customer", "id": "cus_x"})
    box.reset()
    box.close()
    again = Sandbox(settings)
    assert again.store.types() == []
    again.close()


def test_the_file_goes_on_after_a_reset_that_failed(tmp_path):
    settings = Settings(data=str(tmp_path / "stripe.db"))
    box = Sandbox(settings)
    with pytest.raises(TypeError, match="cannot be kept"):
        box.reset(records=[{"object": "customer", "id": "cus_bad", "name": object()}])
    for id in ("cus_a", "cus_b"):
        with box.transaction():
            box.store.add({"object": "customer", "id": id})
    box.close()
    again = Sandbox(settings)
    assert [one["id"] for one in again.store.list("customer")] == ["cus_b", "cus_a"]
    again.close()


def test_a_write_after_the_end_is_refused_rather_than_lost(tmp_path):
    box = Sandbox(Settings(data=str(tmp_path / "stripe.db")))
    box.close()
    with pytest.raises(RuntimeError, match="closed"), box.transaction():
        box.store.add({"object": "customer", "id": "cus_x"})
    assert box.store.list("customer") == []
    box.close()


def test_it_ends_when_told_to(start):
    assert start().end() == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [(["--secret-key", "sk_live_x"], "live key"), (["--data", "/nonexistent/dir/file"], "unable to open")],
)
def test_it_refuses_to_start_wrongly(options, complaint):
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_imports_nothing_of_the_portal():
    folder = Path(__file__).parents[2] / "sandbox"
    for file in folder.rglob("*.py"):
        text = file.read_text()
        assert "from app" not in text, file
        assert "import app" not in text, file


def halves(box: Sandbox) -> list[str]:
    """What was begun and not ended: each of these things is written in one transaction with the other."""
    store = box.store
    told = {
        (event["type"], event["data"]["object"]["id"])
        for event in store.list("event")
        if "id" in event["data"]["object"]
    }
    found = []
    for subscription in store.list("subscription"):
        items = [store.get("subscription_item", id) for id in subscription["items"]]
        if None in items or store.get("invoice", subscription["latest_invoice"]) is None:
            found.append(f"{subscription['id']} lacks its items or its invoice")
        if ("customer.subscription.created", subscription["id"]) not in told:
            found.append(f"{subscription['id']} was never told")
    for invoice in store.list("invoice"):
        payments = store.of("invoice_payment", "invoice", invoice["id"])
        if (invoice["status"] == "paid") != any(one["status"] == "paid" for one in payments):
            found.append(f"{invoice['id']} is {invoice['status']}, its payments are not")
        if invoice["status"] == "paid" and ("invoice.paid", invoice["id"]) not in told:
            found.append(f"{invoice['id']} was paid and never told")
    return found


def buy_until_it_dies(program: Program, price: str, bought: list[str]) -> None:
    """Subscribe customer after customer; ``bought`` is what was answered."""
    while True:
        try:
            customer = program.shop.customer()
            bought.append(customer.id)
            bought.append(
                program.shop.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price}]}).id
            )
        except stripe.APIConnectionError:
            return


def test_a_kill_in_mid_request_loses_nothing_that_was_answered(start, tmp_path, receiver):
    receiver.bodies.clear()
    endpoint = ["--webhook-url", receiver.url, "--webhook-secret", "whsec_of_the_tests"]
    first = start(*endpoint)
    price, bought = first.shop.price().id, []
    threads = [threading.Thread(target=buy_until_it_dies, args=(first, price, bought), daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: len(bought) >= 30, "some to buy")
    first.end(signal.SIGKILL)
    for thread in threads:
        thread.join()

    second = start(*endpoint)
    for id in bought:
        kind = second.shop.v1.customers if id.startswith("cus_") else second.shop.v1.subscriptions
        assert kind.retrieve(id).id == id
    made = {event.id for event in second.shop.v1.events.list({"limit": 100}).auto_paging_iter()}
    until(lambda: made <= {event.id for event in receiver.events}, "every event to be delivered")
    second.end()
    box = Sandbox(Settings(data=str(tmp_path / "stripe.db")))
    assert halves(box) == []
    box.close()


def test_a_kill_in_mid_advance_leaves_a_past_without_gaps(start, tmp_path):
    first = start("--start-at", str(START))
    price = first.shop.price(interval="week").id
    subscriptions = [
        first.shop.v1.subscriptions.create({"customer": first.shop.customer().id, "items": [{"price": price}]}).id
        for _ in range(5)
    ]
    threading.Thread(target=_turn, args=(first, START + 3000 * DAY), daemon=True).start()
    path = str(tmp_path / "stripe.db")
    told = [START]

    def is_on_its_way() -> bool:
        told.append(requests.get(f"{first.url}/_sandbox/clock", timeout=30).json()["now"])
        return told[-1] >= START + 30 * DAY

    until(is_on_its_way, "the clock to move")
    first.end(signal.SIGKILL)

    box = Sandbox(Settings(data=path))
    reached = box.clock.now()
    assert told[-1] <= reached < START + 3000 * DAY, "the clock went back, or it was killed too late to tell"
    assert all(event["created"] <= reached for event in box.store.list("event"))
    assert halves(box) == []
    box.clock.advance(reached + 300 * DAY)
    for id in subscriptions:
        found = sorted(one["created"] for one in box.store.list("invoice") if _of(one, id))
        # What was due at the very instant of the kill is done when the sandbox is back: some seconds later.
        gaps = {round((later - earlier) / DAY) for earlier, later in pairwise(found)}
        assert (gaps, (reached + 300 * DAY - found[-1]) // (7 * DAY)) == ({7}, 0)
    box.close()


def _of(invoice: dict, subscription: str) -> bool:
    return invoice["parent"]["subscription_details"]["subscription"] == subscription


def _turn(program: Program, to: int) -> None:
    with contextlib.suppress(requests.RequestException):
        requests.post(f"{program.url}/_sandbox/clock", json={"to": to}, timeout=30)


def test_a_test_clock_that_was_advancing_arrives_after_a_restart(tmp_path, monkeypatch):
    settings = Settings(data=str(tmp_path / "stripe.db"), start_at=START)
    box = Sandbox(settings)
    monkeypatch.setattr(box.mover, "wake", lambda: None)
    clock = {**box.contract.blank("test_helpers.test_clock"), "id": "clock_x", "created": 1, "deletes_after": 2}
    details = {"advancing": {"target_frozen_time": START + DAY}}
    with box.transaction():
        box.store.add({**clock, "frozen_time": START, "status": "advancing", "status_details": details})
    box.close()
    again = Sandbox(settings)
    moved = again.store.need("test_helpers.test_clock", "clock_x")
    until(lambda: moved["status"] != "advancing", "the clock to arrive")
    assert moved["frozen_time"] == START + DAY
    again.close()


def test_what_cannot_be_written_is_not_kept_in_memory_either(tmp_path):
    box = Sandbox(Settings(data=str(tmp_path / "stripe.db")))
    with pytest.raises(TypeError), box.transaction():
        box.store.add({"object": "customer", "id": "cus_x", "name": {"not", "json"}})
    assert box.store.count("customer") == 0
    with box.transaction():
        box.store.add({"object": "customer", "id": "cus_y"})
    box.close()
    again = Sandbox(Settings(data=str(tmp_path / "stripe.db")))
    assert [one["id"] for one in again.store.list("customer")] == ["cus_y"]
    again.close()


def test_resets_in_a_row_leave_only_what_came_after_the_last(tmp_path):
    settings = Settings(data=str(tmp_path / "stripe.db"))
    box = Sandbox(settings)
    for number in range(3):
        box.reset(START)
        with box.transaction():
            for one in range(250):
                box.store.add({"object": "customer", "id": f"cus_{number}_{one}"})
    with box.transaction():
        box.store.add({"object": "customer", "id": "cus_last"})
    box.close()
    again = Sandbox(settings)
    assert again.store.count("customer") == 251
    assert again.store.get("customer", "cus_2_0")
    again.close()


def refusal(path) -> str:
    with pytest.raises(OSError) as error:
        Sandbox(Settings(data=str(path)))
    return str(error.value)


def test_a_file_of_another_version_is_refused_with_a_way_on(tmp_path):
    older, other = tmp_path / "older.db", tmp_path / "other.db"
    sqlite3.connect(older).execute("create table records (seq integer primary key, body text)")
    Sandbox(Settings(data=str(other))).close()
    with sqlite3.connect(other) as database:
        database.execute("update about set api_version = '2020-08-27'")
    database.close()
    for path in (older, other):
        assert "was not written by this version" in refusal(path)
        assert "Delete it to start empty, or give --data another file." in refusal(path)
    assert sqlite3.connect(other).execute("select api_version from about").fetchone() == ("2020-08-27",)


def test_a_file_that_is_something_else_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Ada, " * 100)
    assert "not a database" in refusal(tmp_path / "letter.txt")


def test_a_file_serves_one_sandbox_at_a_time(tmp_path):
    first = Sandbox(Settings(data=str(tmp_path / "stripe.db")))
    assert "another sandbox is using this file" in refusal(tmp_path / "stripe.db")
    first.close()
    Sandbox(Settings(data=str(tmp_path / "stripe.db"))).close()
