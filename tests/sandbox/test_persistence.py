"""``--data FILE``: what was answered is there after a crash."""

import dataclasses
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from sandbox.core import Sandbox, Settings
from tests.sandbox.shop import Browser, Shop, client_for, secret_of


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
        return self.process.wait(5)


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
    assert now == pytest.approx(1798761600 + 10 * 86400, abs=30)
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
    deadline = time.monotonic() + 5
    while again.courier.pending():
        assert time.monotonic() < deadline
        time.sleep(0.01)
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


def test_it_ends_when_told_to(start):
    program = start()
    begun = time.monotonic()
    assert program.end() == 0
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [(["--secret-key", "sk_live_x"], "live key"), (["--data", "/nonexistent/dir/file"], "unable to open")],
)
def test_it_refuses_to_start_wrongly(options, complaint):
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode != 0
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_imports_nothing_of_the_portal():
    folder = Path(__file__).parents[2] / "sandbox"
    for file in folder.rglob("*.py"):
        text = file.read_text()
        assert "from app" not in text, file
        assert "import app" not in text, file
