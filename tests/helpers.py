"""What tests do again and again: look at the sandbox end, read mail, let the workers work."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import current_app

from app.core.config import Settings
from app.core.extensions import db
from app.core.tasks import QUEUES
from portal.services import messages
from worker import runner

PATIENCE_SECONDS = 30


class Sandbox:
    """The sandbox's control side."""

    def __init__(self, url: str) -> None:
        self.url = url

    def reset(self, records: Sequence[object] = ()) -> None:
        """Empty but for the records of a snapshot, at today's time, with nothing held back."""
        self.hold_events(False)
        self._post("reset", {"now": int(time.time()), "records": records})

    def snapshot(self, *types: str) -> list[object]:
        found: list[object] = self._get(f"snapshot?types={','.join(types)}")["records"]
        return found

    def turn_clock(self, by: str) -> None:
        """`1 month`, `2 hours` … of business time; everything due in between has happened afterwards."""
        self._post("clock", {"by": by})

    def turn_clock_to(self, instant: datetime) -> None:
        self._post("clock", {"to": int(instant.timestamp())})

    def now(self) -> datetime:
        """Business time."""
        return datetime.fromtimestamp(self._get("clock")["now"], UTC)

    def hold_events(self, held: bool = True) -> None:
        self._post("deliveries", {"paused": held})

    def settle(self) -> None:
        """Wait until every event has been delivered."""
        until(lambda: self._get("deliveries/pending")["pending"] == 0, "the events to be delivered")

    def violations(self) -> list[Any]:
        found: list[Any] = self._get("violations")["data"]
        return found

    def objects(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """What Stripe has: `objects("subscriptions", customer="cus_…", status="all")`."""
        headers = {"Authorization": "Bearer sk_test_sandbox"}
        answer = requests.get(f"{self.url}/v1/{path}", params={"limit": "100", **filters}, headers=headers, timeout=10)
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def _get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{self.url}/_sandbox/{path}", timeout=30).json()
        return answer

    def _post(self, path: str, body: dict[str, Any]) -> None:
        requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=60).raise_for_status()


class Mailbox:
    """The mails that arrived by SMTP."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url, self.directory = url, directory

    def empty(self) -> None:
        messages.delete_all(self.directory)

    def to(self, address: str) -> list[dict[str, Any]]:
        """Newest first: subject, text, html, headers."""
        found: list[dict[str, Any]] = requests.get(
            f"{self.url}/messages.json", params={"to": address}, timeout=10
        ).json()
        return found

    def subjects(self, address: str) -> list[str]:
        return [str(mail["subject"]) for mail in self.to(address)]


def work(sandbox: Sandbox | None = None) -> None:
    """Let the workers work until nothing is due: events are delivered, handled, and what they asked for is done."""
    if sandbox is not None:
        sandbox.settle()
    with current_app.app_context():  # its own session, as in another process
        while sum(runner.drain(queue) for queue in QUEUES):
            if sandbox is not None:
                sandbox.settle()
    db.session.expire_all()


def until(happened: Callable[[], object], what: str) -> None:
    """Look again and again until it happened; fails the test after a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE_SECONDS} s for {what}")
        time.sleep(0.01)


@contextmanager
def while_a_call_waits(sandbox: Sandbox, method: str, path: str, happens: Callable[[], object]) -> Iterator[None]:
    """Something happens at Stripe after the block's call to `path` was sent, and before it is let through."""
    faults = f"{sandbox.url}/_sandbox/faults"
    plan = [{"call": "lock_timeout", "method": method, "path": path, "count": None}]
    requests.post(faults, json={"seed": 1, "plan": plan}, timeout=10).raise_for_status()

    def interpose() -> None:
        until(lambda: requests.get(faults, timeout=10).json()["log"], f"{method} {path}")
        happens()
        requests.delete(faults, timeout=10).raise_for_status()

    with ThreadPoolExecutor(1) as pool:
        interposed = pool.submit(interpose)
        yield
        interposed.result()


class CardForm:
    """What Stripe.js does with a card, from the browser's side: publishable key and client secret only."""

    def __init__(self, settings: Settings) -> None:
        self._url, self._key = settings.stripe_api_base, settings.stripe_publishable_key

    def confirm(self, client_secret: str, number: str) -> dict[str, Any]:
        """Confirm the intent of this secret with a card; answers the intent."""
        answer = self._send(client_secret, number)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def decline(self, client_secret: str, number: str) -> dict[str, Any]:
        """The same with a card that is refused; answers Stripe's error."""
        answer = self._send(client_secret, number)
        assert answer.status_code == 402, answer.text
        found: dict[str, Any] = answer.json()["error"]
        return found

    def attempt(self, client_secret: str, number: str) -> None:
        """The same with any card, whatever becomes of it."""
        self._send(client_secret, number)

    def _send(self, client_secret: str, number: str) -> requests.Response:
        card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        method = self._post(
            "payment_methods", {"type": "card"} | {f"card[{name}]": value for name, value in card.items()}
        )
        if not method.ok:
            return method
        kind = "setup_intents" if client_secret.startswith("seti_") else "payment_intents"
        intent = client_secret.split("_secret_")[0]
        data = {
            "client_secret": client_secret,
            "return_url": "http://127.0.0.1/",
            "payment_method": method.json()["id"],
        }
        return self._post(f"{kind}/{intent}/confirm", data)

    def _post(self, path: str, data: dict[str, str]) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._key}"}
        return requests.post(f"{self._url}/v1/{path}", data=data, headers=headers, timeout=10)
