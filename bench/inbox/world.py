"""A portal with its own services, and customers at the sandbox of whom events can speak."""

import http.client
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg

from portal.demo.command import erase, migrate_and_load
from portal.demo.stack import DATABASE, Stack
from portal.services.ports import free_port
from portal.services.supervisor import Supervisor

Template = dict[str, Any]
SPOKEN_OF = ("customer", "subscription", "invoice", "payment_intent")
TYPES = {
    "customer": "customer.updated",
    "subscription": "customer.subscription.updated",
    "invoice": "invoice.updated",
    "payment_intent": "payment_intent.succeeded",
}


class World:
    """The services run; what of the portal itself runs is the caller's choice."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._sandbox = http.client.HTTPConnection(urlsplit(stack.sandbox_url).netloc)

    def ask(self, method: str, path: str, **params: Any) -> dict[str, Any]:
        """One request of Stripe's API."""
        return self._exchange(method, path, urlencode(params), "application/x-www-form-urlencoded")

    def control(self, method: str, path: str, **wish: Any) -> dict[str, Any]:
        return self._exchange(method, f"/_sandbox/{path}", json.dumps(wish), "application/json")

    def _exchange(self, method: str, path: str, body: str, kind: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.stack.stripe_secret_key}", "Content-Type": kind}
        self._sandbox.close()  # between two phases the server hangs up
        self._sandbox.request(method, path, body or None, headers)
        answer: dict[str, Any] = json.loads(self._sandbox.getresponse().read())
        if "error" in answer:
            raise RuntimeError(f"{method} {path}: {answer['error']}")
        return answer

    @contextmanager
    def running(self, *names: str) -> Iterator[Supervisor]:
        """These of the portal's own processes run in the block; there may be a second worker."""
        second = self.stack.process("worker-2", "worker", "webhooks", "mail", "default")
        with Supervisor(self.stack.home / "logs") as supervisor:
            supervisor.start(*(child for child in [*self.stack.portal(), second] if child.name in names))
            yield supervisor

    def calls(self) -> int:
        """How many calls the sandbox has answered so far."""
        return sum(self.control("GET", "operations")["data"].values())

    def database(self) -> "psycopg.Connection[Any]":
        address = self.stack.postgres.url(DATABASE).replace("+psycopg", "")
        return psycopg.connect(address, autocommit=True)

    def subscribers(self, count: int) -> list[Template]:
        """So many customers with a paid subscription each; answers one object of each kind per customer, as events tell it."""
        price = self._price()
        customers = [self._subscriber(price, n) for n in range(count)]
        with self.database() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO organizations (public_id, name, stripe_customer_id, locale, timezone, invoice_recipients, created_at)"
                " VALUES (%s, %s, %s, 'en_US', 'UTC', '[]', now())",
                [(f"org_{customer}", f"Customer {n}", customer) for n, customer in enumerate(customers)],
            )
        return self._spoken_of(set(customers))

    def _price(self) -> str:
        prices = self.ask("GET", "/v1/prices?limit=100&active=true")["data"]
        return str(next(p["id"] for p in prices if p["unit_amount"] and p["recurring"]["usage_type"] == "licensed"))

    def _subscriber(self, price: str, n: int) -> str:
        customer = str(self.ask("POST", "/v1/customers", name=f"Customer {n}", email=f"c{n}@example.com")["id"])
        card = self.ask("POST", "/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
        details = {"customer": customer, "default_payment_method": card, "items[0][price]": price}
        self.ask("POST", "/v1/subscriptions", **details)
        return customer

    def _spoken_of(self, customers: set[str]) -> list[Template]:
        """The latest event about each object; several kinds of events may be made of it."""
        latest: dict[str, Template] = {}
        for event in self.control("GET", f"events?limit={len(customers) * 50}")["data"]:
            told = event["data"]["object"]
            owner = told["id"] if told["object"] == "customer" else told.get("customer")
            if told["object"] in SPOKEN_OF and owner in customers:
                event.pop("deliveries")
                event["type"] = TYPES[told["object"]]
                latest.setdefault(told["id"], event)
        return list(latest.values())


@contextmanager
def world() -> Iterator[World]:
    """Services, tables and a catalogue in a directory that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="counterfoil-bench-"))
    home.chmod(0o755)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    try:
        stack = Stack(home, free_port(), durable=False)
        with Supervisor(home / "logs") as supervisor:
            supervisor.start(*stack.services())
            migrate_and_load(stack)
            made = World(stack)
            made.control("POST", "deliveries", paused=True)
            yield made
    finally:
        erase(home)
        home.rmdir()
