"""Pressing the buttons of a staff page."""

import secrets
from typing import Any

from werkzeug.test import TestResponse

from tests.cast import Browser


def press(browser: Browser, address: str, *names: Any, token: str = "", **fields: Any) -> TestResponse:
    """Send the form of a page with the rows of these names chosen."""
    return browser.post(address, data=form(*names, token=token, **fields))


def form(*names: Any, token: str = "", **fields: Any) -> dict[str, Any]:
    return {"token": token or secrets.token_urlsafe(16), "chosen": list(names), "next": "/admin/webhooks", **fields}


def told(browser: Browser, answer: TestResponse) -> str:
    """The page that a press leads to."""
    assert answer.status_code == 303
    return browser.get(answer.location).text
