"""What time does to schedules.

``subscription_schedule.expiring`` comes 7 days before the last phase ends, or at once for a shorter one. A subscription
that its schedule ends does so by its own ``cancel_at``. At the end of a billing period the subscription asks its schedule
first (:func:`sandbox.billing.schedules.schedule_course.catch_up`), whichever of the two is due first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.schedules import schedule_course
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.cycle import Deed

EXPIRING_AHEAD = 7 * 86400


def deeds(schedule: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a schedule by itself, and when."""
    if schedule["status"] == "not_started":
        yield schedule["phases"][0]["start_date"], schedule_course.start_in_time
    if schedule["status"] != "active":
        return
    last = schedule["phases"][-1]["end_date"]
    if schedule["_expiring_for"] != last:
        yield last - EXPIRING_AHEAD, _announce_end
    if not schedule_course.is_last(schedule) or schedule["end_behavior"] == "release":
        yield schedule["current_phase"]["end_date"], schedule_course.advance


def _announce_end(box: Sandbox, schedule: Record) -> None:
    box.store.update(schedule, _expiring_for=schedule["phases"][-1]["end_date"])
    box.events.record("subscription_schedule.expiring", schedule)
