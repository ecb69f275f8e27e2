"""When a webhook that was not answered with 2xx is tried again, and when that is given up.

``quick`` is for development and the default: seconds of machine time. ``sandbox`` and ``live`` are Stripe's own, in the
time of the sandbox's clock, so that turning the clock brings them: three more tries over a few hours, or up to three days with
growing pauses (https://docs.stripe.com/webhooks#retries).
Assumption: the pauses themselves, which Stripe does not tell. Simplification: one turn of the clock brings at most one try
of a delivery, since webhooks leave when the turn is over.
"""

from __future__ import annotations

import time
from typing import Any

MINUTE, HOUR, DAY = 60, 3600, 86400

QUICK_PAUSES = (1, 3, 10, 60)
QUICK_LATER = 600
GIVE_UP_AFTER = 3 * DAY

SCHEDULES: dict[str, tuple[int, ...]] = {
    "sandbox": (10 * MINUTE, HOUR, 3 * HOUR),
    "live": (5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, *[12 * HOUR] * 4),
}
"""The pause before each further try, in seconds of virtual time."""

NAMES = ("quick", *SCHEDULES)


def after_failure(schedule: str, tries: int, now: int) -> dict[str, Any]:
    """What becomes of a delivery that failed ``tries`` times; ``now`` is virtual time."""
    if schedule in SCHEDULES:
        pauses = SCHEDULES[schedule]
        if tries > len(pauses):
            return {"status": "failed"}
        return {"status": "waiting", "due": now + pauses[tries - 1]}
    spent = sum(QUICK_PAUSES) + QUICK_LATER * (tries - len(QUICK_PAUSES))
    if spent > GIVE_UP_AFTER:
        return {"status": "failed"}
    pause = QUICK_PAUSES[tries - 1] if tries <= len(QUICK_PAUSES) else QUICK_LATER
    return {"next_at": time.time() + pause}
