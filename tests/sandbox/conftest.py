"""A strict sandbox of its own for these tests, driven over HTTP by the real SDK and by a pretend browser.

One server for the whole run, reset before each test. After each test nothing may have broken the contract. Events are
delivered, and their signatures checked, in the tests that ask for ``received`` or ``webhook_inbox``; elsewhere they are
held back, because a hundred deliveries cost more than the test.
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from sandbox.core import Sandbox, Settings
from sandbox.server import Server
from tests.sandbox.shop import Browser, Shop, client_for
from tests.sandbox.waiting import until

SECRET = "whsec_of_the_tests"
START = 1_798_761_600  # 2027-01-01 00:00:00 UTC


class Inbox:
    """A webhook endpoint that keeps what it receives; ``answers`` are the statuses of the next responses."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.answers: list[int] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = inbox.receive(body, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def receive(self, body: bytes, signature: str) -> int:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            stripe.WebhookSignature.verify_header(body.decode(), signature, SECRET, tolerance=300)
            self.bodies.append(body)
        return status

    def awaits(self, count: int) -> None:
        """Wait until so many events have arrived since the start of the test."""
        until(lambda: len(self.bodies) >= count, f"{count} webhooks")
        assert len(self.bodies) == count

    @property
    def events(self) -> list[stripe.Event]:
        return [stripe.Event.construct_from(json.loads(body), None) for body in self.bodies]


@pytest.fixture(scope="session")
def receiver() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.server.shutdown()


@pytest.fixture(scope="session")
def running(receiver: Inbox, collect_operations: Callable[[str], None]) -> Iterator[Server]:
    settings = Settings(strict=True, webhook_url=receiver.url, webhook_secret=SECRET, start_at=START)
    with Server(Sandbox(settings)) as server:
        yield server
        collect_operations(server.url)


@pytest.fixture
def url(running: Server, receiver: Inbox, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the sandbox is, freshly reset; whoever used it must not have broken the contract."""
    running.box.reset(START)
    receiver.bodies.clear()
    receiver.answers.clear()
    running.box.courier.pause("webhook_inbox" not in request.fixturenames)
    yield running.url
    assert list(running.box.observation.violations) == []


@pytest.fixture
def webhook_inbox(receiver: Inbox, url: str) -> Inbox:
    """The endpoint, with deliveries on."""
    return receiver


@pytest.fixture
def box(running: Server, url: str) -> Sandbox:
    return running.box


@pytest.fixture
def client(url: str) -> stripe.StripeClient:
    return client_for(url)


@pytest.fixture
def shop(client: stripe.StripeClient) -> Shop:
    return Shop(client)


@pytest.fixture
def visitor(url: str) -> Browser:
    return Browser(url)


class Clock:
    """The clock of the sandbox, turned over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_sandbox/clock"

    def now(self) -> int:
        return int(requests.get(self._url).json()["now"])

    def turn(self, **wish: Any) -> int:
        response = requests.post(self._url, json=wish)
        response.raise_for_status()
        return int(response.json()["now"])


@pytest.fixture
def clock(url: str) -> Clock:
    return Clock(url)


@pytest.fixture
def received(url: str, webhook_inbox: Inbox) -> Any:
    """The types of the events that arrived, once all have; each call begins after what the last one saw."""

    pending = f"{url}/_sandbox/deliveries/pending"

    def names() -> list[str]:
        until(lambda: requests.get(pending).json()["pending"] == 0, "the deliveries to end")
        types = [json.loads(body)["type"] for body in webhook_inbox.bodies]
        webhook_inbox.bodies.clear()
        return types

    return names
