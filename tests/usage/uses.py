"""Use without a name: what people see of it does not depend on the ids of events."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from secrets import token_hex

from flask import Flask

from tests.cast import Browser
from tests.usage.reporting import count, event


def use(browser: Browser, meter: str, quantity: str | int, at: datetime | None = None) -> None:
    """One event of the browser's organization, at an instant or now."""
    count(browser, event(token_hex(8), meter, quantity, at))


def use_twice_at_once(app: Flask, browser: Browser, meter: str, quantity: int) -> None:
    """Two programs of the browser's organization, in a thread each."""

    def program(_number: int) -> None:
        with app.app_context():
            use(browser, meter, quantity)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(program, range(2)))
