"""Use without a name: what people see of it does not depend on the ids of events."""

from datetime import datetime
from secrets import token_hex

from tests.cast import Browser
from tests.usage.reporting import count, event


def use(browser: Browser, meter: str, quantity: str | int, at: datetime | None = None) -> None:
    """One event of the browser's organization, at an instant or now."""
    count(browser, event(token_hex(8), meter, quantity, at))
