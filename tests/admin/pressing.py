"""Looking at lists of the staff area and pressing their buttons."""

import secrets
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from werkzeug.test import TestResponse

from app.core.extensions import db
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


def walk(browser: Browser, address: str, direction: str) -> tuple[list[list[str]], str]:
    """The names on each page from `address` on, and where that ends."""
    pages = []
    while True:
        page = browser.get(address).text
        pages.append([part.split('"')[0] for part in page.split('name="shown" value="')[1:]])
        if f'rel="{direction}"' not in page:
            return pages, address
        address = page.split(f'rel="{direction}" href="')[1].split('"')[0].replace("&amp;", "&")


def at_once(deeds: list[Callable[[], object]]) -> None:
    """Several people, or one with a nervous finger."""
    threads = [threading.Thread(target=copy_context().run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.expire_all()
