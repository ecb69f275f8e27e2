"""How long events are kept. What they add up to stays: totals, days and sales never ask for an event again.

An event is kept to know its id by. One whose id is forgotten must not be taken again, so it is refused by its age; see
`placing`. The table is walked page by page: an index on time would cost every event that is counted, and a BRIN loses
its sense once new events fill the room of old ones.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import text

from app.core import clock
from app.core.config import Settings
from app.core.logs import log
from app.core.transactions import apart

EARLIEST = datetime.min.replace(tzinfo=UTC)
PAGES = 128
"""Of the table, at most 1 MB and some 12,000 events: what one transaction looks through."""
STEPS = 16
"""Transactions in one go: a second at most, because other periodic work waits."""
EVERY = timedelta(days=1)
"""How long after one walk the next begins (machine time)."""

FORGET = text("""
WITH forgotten AS (
    DELETE FROM usage_events
    WHERE ctid >= CAST(:first AS tid) AND ctid < CAST(:behind AS tid) AND occurred_at < :before
    RETURNING 1
)
SELECT count(*) FROM forgotten
""")
LENGTH = text("SELECT pg_relation_size('usage_events') / CAST(current_setting('block_size') AS integer)")


def kept() -> timedelta:
    settings: Settings = current_app.extensions["settings"]
    return timedelta(days=settings.usage_events_days)


@dataclass
class Walk:
    """Where in the table a process is. A new process begins at its start, and two do no harm.

    `pages` is what one transaction looks through, `steps` how many there are in one go.
    """

    pages: int = PAGES
    steps: int = STEPS
    page: int = 0
    forgotten: int = 0
    begins_at: datetime = EARLIEST

    def go_on(self) -> None:
        """Remove old events from the next pages, each stretch in a transaction of its own."""
        if clock.wall() < self.begins_at:
            return
        before = clock.now() - kept()
        for _ in range(self.steps):
            if not self._step(before):
                self._end()
                return

    def _step(self, before: datetime) -> bool:
        """False behind the last page."""
        values = {"first": f"({self.page},0)", "behind": f"({self.page + self.pages},0)", "before": before}
        with apart() as session:
            if self.page >= session.scalars(LENGTH).one():
                return False
            self.forgotten += session.scalars(FORGET, values).one()
        self.page += self.pages
        return True

    def _end(self) -> None:
        if self.forgotten:
            log.info("usage events forgotten", events=self.forgotten)
        self.page, self.forgotten, self.begins_at = 0, 0, clock.wall() + EVERY
