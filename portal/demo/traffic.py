"""The demo's traffic: a service of Ada's that reports what its customers use, so that meters move while one watches.

`python -m portal.demo.traffic URL KEYFILE`: a client of the JSON API with a key, as any service of a customer would be.
"""

import secrets
import signal
import sys
import threading
import uuid
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

PACE_SECONDS = 2.0
TIMEOUT_SECONDS = 10
DAYS_BEFORE = 4
"""Days told of at the start, so that there is something to see."""
AGAIN = {408, 429, *range(500, 600)}
"""Answers of a portal that is busy or restarting."""

# By meter, from few to many: what a day brought before, what a beat brings now. Storage is the last value, not a sum.
DAY_BEFORE = {
    "ai_generations": (900, 1_000),
    "renders": (170, 200),
    "workflow_runs": (700, 1_100),
    "api_calls": (9_000, 14_000),
    "views": (20_000, 34_000),
    "bandwidth_gb": (6, 11),
}
BEAT = {
    "ai_generations": (0, 3),
    "renders": (0, 1),
    "workflow_runs": (0, 2),
    "api_calls": (5, 40),
    "views": (10, 90),
    "storage_gb": (40, 44),
}
ASKED_BEFORE = ("renders", "workflow_runs")

Event = dict[str, Any]


class Traffic:
    """Batches of events for one portal."""

    def __init__(self, url: str, key: str) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {key}"
        self._address = f"{url}/api/v1"
        self._waiting: deque[list[Event]] = deque()

    def begin(self, now: datetime) -> None:
        """Tell of the last days first. Made from the day alone: told twice, counted once."""
        for back in range(DAYS_BEFORE, 0, -1):
            noon = (now - timedelta(days=back)).replace(hour=12, minute=0, second=0, microsecond=0)
            self._waiting.append(
                [
                    _event(meter, few + noon.toordinal() * 7919 % (many - few), f"day-{noon:%Y-%m-%d}-{meter}", noon)
                    for meter, (few, many) in DAY_BEFORE.items()
                ]
            )

    def beat(self) -> bool:
        """Send one batch: the one that nobody took yet, with its old ids, or else a new one. Was it taken?"""
        try:
            if not self._waiting:
                self._waiting.append([event for event in _now() if self._may(event)])
            answer = self._post("usage/events", self._waiting[0])
        except requests.RequestException as error:
            print(f"nobody there: {type(error).__name__}", flush=True)
            return False
        if answer.status_code not in AGAIN:
            self._waiting.popleft()  # taken, or refused for good
        if not answer.ok:
            print(f"answered {answer.status_code}: {answer.text[:200]}", flush=True)
        return answer.ok

    def _may(self, event: Event) -> bool:
        """Whether the plan allows it, asked before doing it where a limit ends more."""
        if event["meter"] not in ASKED_BEFORE:
            return True
        answer = self._post("entitlements/check", {"meter": event["meter"], "estimate": event["quantity"]})
        return answer.ok and bool(answer.json()["allowed"])

    def _post(self, path: str, body: object) -> requests.Response:
        return self._http.post(f"{self._address}/{path}", json=body, timeout=TIMEOUT_SECONDS)


def _now() -> list[Event]:
    """Without a time they happened now, by the portal's clock, which people of the demo turn."""
    amounts = {meter: few + secrets.randbelow(many - few + 1) for meter, (few, many) in BEAT.items()}
    return [_event(meter, amount, str(uuid.uuid4())) for meter, amount in amounts.items() if amount]


def _event(meter: str, quantity: int, event_id: str, at: datetime | None = None) -> Event:
    event: Event = {"id": event_id, "meter": meter, "quantity": quantity}
    return event | ({"occurred_at": at.isoformat()} if at else {})


def main(url: str, key_file: Path) -> None:
    """Send until SIGTERM, at a pace of its own: what waits is one batch, however long the portal was away."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    traffic = Traffic(url, key_file.read_text().strip())
    traffic.begin(datetime.now(UTC))
    while not stop.wait(PACE_SECONDS):
        traffic.beat()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
