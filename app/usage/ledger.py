"""The statements that count: a batch is one insert of events and one of what they add up to, whatever its size.

Events are sorted by id and sums by meter and window, so that two who send the same wait for each other in one order.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text

from app.catalog.models import Aggregation
from app.core.extensions import db
from app.core.transactions import WROTE

from .placing import Amount, Placed

# Lists travel as lines of text: nothing in them has a line break, and the driver would take its time for each element.
GIVEN = """unnest(
    string_to_array(:ids, chr(10)), string_to_array(:meters, chr(10)),
    CAST(string_to_array(:quantities, chr(10)) AS numeric[]),
    CAST(string_to_array(:moments, chr(10)) AS timestamptz[]),
    CAST(string_to_array(:timed, chr(10)) AS boolean[])
) AS given (event_id, meter_key, quantity, occurred_at, is_timed)"""

ADD_EVENTS = text(f"""
WITH added AS (
    INSERT INTO usage_events (organization_id, event_id, meter_key, quantity, occurred_at, is_timed)
    SELECT :organization, * FROM {GIVEN}
    ON CONFLICT DO NOTHING
    RETURNING event_id
)
SELECT count(*) = :size AS all, CASE WHEN count(*) < :size THEN string_agg(event_id, chr(10)) END FROM added
""")  # noqa: S608  # put together from constants

# OFFSET 0 keeps each event a look into the key; a join of the planner's own choice may read all that was ever counted.
REUSED = text(f"""
SELECT given.event_id FROM {GIVEN} CROSS JOIN LATERAL (
    SELECT * FROM usage_events WHERE organization_id = :organization AND event_id = given.event_id OFFSET 0
) known
WHERE (known.meter_key, known.quantity, known.is_timed) <> (given.meter_key, given.quantity, given.is_timed)
OR (given.is_timed AND known.occurred_at <> given.occurred_at)
""")  # noqa: S608  # put together from constants

# What was counted before, and what is added to it.
MERGED = {
    Aggregation.SUM: "{table}.used + excluded.used",
    Aggregation.MAX: "greatest({table}.used, excluded.used)",
    Aggregation.LAST: "CASE WHEN {later} THEN excluded.used ELSE {table}.used END",
}
# By code point, as Python compares: a server may sort words otherwise.
LATER = '(excluded.latest_at, excluded.latest_id COLLATE "C") > ({table}.latest_at, {table}.latest_id COLLATE "C")'

# The plan decides about a window while it is open; how one that is over stood is kept.
ADD_UP = """
WITH days AS (
    INSERT INTO usage_days (organization_id, meter_key, day, used, latest_at, latest_id)
    SELECT :organization, * FROM unnest(
        CAST(:day_meters AS text[]), CAST(:days AS date[]), CAST(:day_used AS numeric[]),
        CAST(:day_latest_at AS timestamptz[]), CAST(:day_latest_id AS text[]))
    ON CONFLICT (organization_id, meter_key, day) DO UPDATE SET {days}
)
INSERT INTO usage_totals
    (organization_id, counted_at, meter_key, begins_at, ends_at, used, latest_at, latest_id, included)
SELECT :organization, :now, * FROM unnest(
    CAST(:meters AS text[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]), CAST(:used AS numeric[]),
    CAST(:latest_at AS timestamptz[]), CAST(:latest_id AS text[]), CAST(:included AS numeric[]))
ON CONFLICT (organization_id, meter_key, begins_at) DO UPDATE SET {totals},
    counted_at = excluded.counted_at,
    ends_at = CASE WHEN {open} THEN excluded.ends_at ELSE usage_totals.ends_at END,
    included = CASE WHEN {open} AND {stays_open} THEN excluded.included ELSE usage_totals.included END
RETURNING id, meter_key, begins_at, used, included, sold, sales, sold_at
"""
OPEN = "(usage_totals.ends_at IS NULL OR usage_totals.ends_at > :now)"
STAYS_OPEN = "(excluded.ends_at IS NULL OR excluded.ends_at > :now)"

CUT = text("""
UPDATE usage_totals SET ends_at = :begins WHERE organization_id = :organization AND meter_key = :meter
AND begins_at < :begins AND (ends_at IS NULL OR ends_at > :begins)
""")


def _adding_up(how: Aggregation) -> Any:
    def merged(table: str) -> str:
        later = LATER.format(table=table)
        newest = (f"{name} = CASE WHEN {later} THEN excluded.{name} ELSE {table}.{name} END" for name in LATEST)
        return ", ".join([f"used = {MERGED[how].format(table=table, later=later)}", *newest])

    return text(
        ADD_UP.format(days=merged("usage_days"), totals=merged("usage_totals"), open=OPEN, stays_open=STAYS_OPEN)
    )


LATEST = ("latest_at", "latest_id")
ADDING_UP = {how: _adding_up(how) for how in Aggregation}


class Sums(NamedTuple):
    """A total as it stands after counting."""

    id: int
    meter_key: str
    begins_at: datetime
    used: Decimal
    included: Decimal | None
    sold: Decimal
    sales: int
    sold_at: datetime | None


def add_events(organization_id: int, placed: Mapping[str, Placed]) -> Collection[str]:
    """Write down the events, by their ids; answers the ids of those that are new."""
    db.session.info[WROTE] = True  # what the session cannot see of a statement in words
    values = {**_given(organization_id, placed), "size": len(placed)}
    is_all, added = db.session.execute(ADD_EVENTS, values).one()
    return placed.keys() if is_all else set(added.split("\n") if added else ())


def reused(organization_id: int, placed: Mapping[str, Placed]) -> set[str]:
    """Which of the ids stand for an event with another meter, quantity or time."""
    return set(db.session.scalars(REUSED, _given(organization_id, placed)))


def _given(organization_id: int, placed: Mapping[str, Placed]) -> dict[str, Any]:
    found = sorted(placed.items())
    return {
        "organization": organization_id,
        "ids": "\n".join([event_id for event_id, _ in found]),
        "meters": "\n".join([one.event.meter for _, one in found]),
        "quantities": "\n".join([str(one.event.quantity) for _, one in found]),
        "moments": "\n".join([one.occurred_at.isoformat() for _, one in found]),
        "timed": "\n".join(["f" if one.event.occurred_at is None else "t" for _, one in found]),
    }


def add_up(
    organization_id: int,
    windows: dict[tuple[str, datetime], Amount],
    days: dict[tuple[str, date], Amount],
    included: dict[tuple[str, datetime], Decimal | None],
    now: datetime,
) -> list[Sums]:
    """Add the amounts to the totals and days; one statement for each way of adding up that there is."""
    found: list[Sums] = []
    for how in Aggregation:
        totals = {key: amount for key, amount in windows.items() if amount.meter.aggregation == how}
        if totals:
            of_days = {key: amount for key, amount in days.items() if amount.meter.aggregation == how}
            values = {"organization": organization_id, "now": now, **_totals(totals, included), **_days(of_days)}
            found += [Sums(*row) for row in db.session.execute(ADDING_UP[how], values)]
    return found


def _totals(
    amounts: dict[tuple[str, datetime], Amount], included: dict[tuple[str, datetime], Decimal | None]
) -> dict[str, Any]:
    return {
        "meters": [meter for meter, _ in amounts],
        "begins": [begins for _, begins in amounts],
        "ends": [amount.window.ends_at for amount in amounts.values()],
        "used": [amount.used for amount in amounts.values()],
        "latest_at": [amount.latest_at for amount in amounts.values()],
        "latest_id": [amount.latest_id for amount in amounts.values()],
        "included": [included[key] for key in amounts],
    }


def _days(amounts: dict[tuple[str, date], Amount]) -> dict[str, Any]:
    return {
        "day_meters": [meter for meter, _ in amounts],
        "days": [day for _, day in amounts],
        "day_used": [amount.used for amount in amounts.values()],
        "day_latest_at": [amount.latest_at for amount in amounts.values()],
        "day_latest_id": [amount.latest_id for amount in amounts.values()],
    }


def cut(organization_id: int, meter_key: str, begins_at: datetime) -> None:
    """A window ends where the next one began, if that was earlier than it was meant to."""
    db.session.execute(CUT, {"organization": organization_id, "meter": meter_key, "begins": begins_at})
