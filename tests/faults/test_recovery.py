"""Nothing acknowledged is lost, whoever is killed or frozen in the middle of it."""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from signal import SIGCONT, SIGKILL, SIGSTOP
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from portal.demo.stack import DATABASE
from portal.demo.visitor import Visitor
from tests.faults.conftest import Running

CARD = "4242424242424242"
WITHIN_SECONDS = 180  # a lease, a back-off and a sweep; the machine may be busy with other tests


def rows(running: Running, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(running.stack.postgres.url(DATABASE).replace("+psycopg", "")) as connection:
        return connection.execute(sql).fetchall()


def wait(happened: Callable[[], object], what: str, seconds: float = WITHIN_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s for {what}")
        time.sleep(0.1)


def subscriber(running: Running) -> tuple[Visitor, str]:
    """Somebody who has just signed up and looks at Growth; the price's public id."""
    visitor = Visitor(running.stack.url)
    visitor.open("/signup")
    address = f"dora-{secrets.token_hex(4)}@example.com"
    visitor.press("Create account", name="Dora", email=address, password="paper-and-ink", organization="Faults Ltd")
    visitor.open("/plans")
    visitor.follow("Choose Growth")
    return visitor, urlsplit(visitor.url).path.rsplit("/", 1)[-1]


def quiet(running: Running) -> bool:
    """Everything sent has arrived, and everything that arrived is handled."""
    pending = requests.get(f"{running.stack.sandbox_url}/_sandbox/deliveries/pending", timeout=10).json()["pending"]
    return pending == 0 and not rows(running, "SELECT id FROM inbox_events WHERE state = 'received' LIMIT 1")


def happened(running: Running, action: str) -> int:
    return len(rows(running, f"SELECT id FROM audit_entries WHERE action = '{action}'"))


@pytest.fixture
def thawed(running: Running) -> Iterator[Running]:
    """Whatever a test froze runs again afterwards."""
    yield running
    for name in ("redis", "sandbox", "worker"):
        running.kill(name, SIGCONT)
    wait(lambda: quiet(running), "everything to be handled")


def test_a_worker_killed_in_the_middle_of_an_event_is_replaced(thawed: Running):
    started = happened(thawed, "subscription.started")
    visitor, price = subscriber(thawed)
    thawed.kill("worker", SIGSTOP)
    visitor.buy(price, CARD, name="Faults Ltd", country="GB")
    wait(
        lambda: rows(thawed, "SELECT id FROM inbox_events WHERE type = 'invoice.paid' AND state = 'received'"), "events"
    )
    thawed.kill("sandbox", SIGSTOP)  # the re-fetch of the worker will hang
    thawed.kill("worker", SIGCONT)
    wait(lambda: rows(thawed, "SELECT id FROM inbox_events WHERE lease_owner IS NOT NULL"), "a claim")
    thawed.kill("worker", SIGKILL)
    thawed.kill("sandbox", SIGCONT)
    wait(lambda: quiet(thawed), "the events to be handled by another worker")
    assert happened(thawed, "subscription.started") == started + 1
    assert rows(thawed, "SELECT id FROM inbox_events WHERE attempts > 1")


def test_with_redis_gone_events_are_thanked_and_handled(thawed: Running):
    started = happened(thawed, "subscription.started")
    visitor, price = subscriber(thawed)
    thawed.kill("redis", SIGSTOP)
    visitor.buy(price, CARD, name="Faults Ltd", country="GB")
    wait(
        lambda: rows(thawed, "SELECT id FROM inbox_events WHERE type = 'invoice.paid' AND state <> 'received'"),
        "the sweep",
    )
    assert happened(thawed, "subscription.started") == started + 1
    assert requests.get(f"{thawed.stack.url}/readyz", timeout=5).json()["status"] == "degraded"


def reloads(visitor: Visitor) -> bool:
    """What a person does with a page that does not come: press reload until it does."""
    with contextlib.suppress(requests.ConnectionError):
        visitor.open("/")
        return True
    return False


def test_the_killed_web_server_is_back_and_nobody_is_signed_out(thawed: Running):
    visitor, _ = subscriber(thawed)
    thawed.kill("web", SIGKILL)
    wait(lambda: reloads(visitor), "the web server", seconds=20)
    assert visitor.heading() == "Overview"
