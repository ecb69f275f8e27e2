"""What tests of usage do: make events, count them, and look at what they came to."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from werkzeug.test import TestResponse

from app.api_keys import service as keys
from app.core.extensions import db
from app.usage import service
from app.usage.service import Counted, NewEvent
from tests.cast import Browser


def event(id: str, meter: str = "renders", quantity: str | int = 1, at: datetime | None = None) -> NewEvent:
    return NewEvent(id, meter, Decimal(quantity), at)


def count(browser: Browser, *events: NewEvent) -> Counted:
    counted = service.count(browser.organization, events)
    db.session.commit()
    return counted


def used(browser: Browser, meter: str = "renders") -> Decimal:
    return service.standing(browser.organization, meter).used


class Program:
    """A service of the customer's own, with a key."""

    def __init__(self, browser: Browser) -> None:
        _, secret = keys.create(browser.organization, "Program", ["usage:write"])
        db.session.commit()
        self._browser, self._headers = browser, {"Authorization": f"Bearer {secret}"}

    def send(self, body: Any) -> TestResponse:
        return self._browser.post("/api/v1/usage/events", json=body, headers=self._headers, csrf=False)

    def send_raw(self, body: bytes) -> TestResponse:
        headers = self._headers | {"Content-Type": "application/json"}
        return self._browser.post("/api/v1/usage/events", data=body, headers=headers, csrf=False)
