"""Use beyond a plan that came when there was nothing to bill it with any more."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from app.core import clock
from app.core.extensions import db
from app.usage.unbilled import Unbilled
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.subscriptions.leaving import cancel
from tests.usage.reporting import count, event

METER = "ai_generations"
INCLUDED = 5000


def turn(sandbox: Sandbox, *steps: str) -> None:
    for step in steps:
        sandbox.turn_clock(step)
        clock.refresh()
        work(sandbox)


def leave(browser: Browser, sandbox: Sandbox) -> None:
    """The subscription ends with its month, some days ago."""
    cancel(browser)
    turn(sandbox, "1 month", "2 days")


def report_late(browser: Browser, sandbox: Sandbox, id: str, quantity: int) -> None:
    """What happened ten days ago is heard of now."""
    count(browser, event(id, METER, quantity, clock.now() - timedelta(days=10)))
    work(sandbox)


def left() -> Sequence[Unbilled]:
    db.session.rollback()
    return db.session.scalars(select(Unbilled).order_by(Unbilled.id)).all()
