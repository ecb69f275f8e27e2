"""Words of the staff area."""

import re
from datetime import datetime

from flask_babel import format_timedelta
from flask_babel import lazy_gettext as _l

from app.core import clock
from app.core.tasks import TaskState
from app.gateway.intents import IntentState
from app.webhooks.models import EventState

EVENT_STATES = {
    EventState.RECEIVED: (_l("Received"), "info"),
    EventState.PARKED: (_l("Parked"), "danger"),
    EventState.UNMATCHED: (_l("Unmatched"), "warning"),
    EventState.PROCESSED: (_l("Processed"), "success"),
    EventState.IGNORED: (_l("Ignored"), "quiet"),
    EventState.DISCARDED: (_l("Discarded"), "quiet"),
}
"""How a state reads, and the tone of its mark."""

TASK_STATES = {
    TaskState.PENDING: (_l("Pending"), "info"),
    TaskState.PARKED: (_l("Parked"), "danger"),
    TaskState.DONE: (_l("Done"), "success"),
    TaskState.DISCARDED: (_l("Discarded"), "quiet"),
}

CALL_STATES = {
    IntentState.STARTED: (_l("Under way"), "info"),
    IntentState.UNKNOWN: (_l("Not known"), "warning"),
    IntentState.UNRESOLVED: (_l("Unresolved"), "danger"),
    IntentState.OVERTAKEN: (_l("Overtaken"), "quiet"),
    IntentState.SUCCEEDED: (_l("Succeeded"), "success"),
    IntentState.FAILED: (_l("Failed"), "quiet"),
}

DEEDS = {
    "event.retried": (_l("Sent round again"), "info"),
    "event.discarded": (_l("Discarded"), "quiet"),
    "task.retried": (_l("Tried again at once"), "info"),
    "task.discarded": (_l("Discarded"), "quiet"),
    "dunning_case.retried": (_l("Attempt asked for"), "info"),
    "dunning_case.stopped": (_l("Stopped"), "warning"),
    "difference.repair_asked": (_l("Repair asked for"), "info"),
    "difference.ignored": (_l("Ignored"), "quiet"),
    "intent.asked": (_l("Looked into again"), "info"),
}
"""What staff did, as the audit names it."""

_ADDRESS = re.compile(r"[^\s@<>()'\"=]+@[^\s@<>()'\"]+")


def ago(instant: datetime, *, business: bool = False) -> str:
    """A machine time, or a `business` one, as people say it: 3 minutes ago, in 2 hours."""
    return str(format_timedelta(instant - (clock.now() if business else clock.wall()), add_direction=True))


def error(text: str | None) -> str:
    """What a row keeps of the error it met, without the mail addresses that other people's sentences repeat."""
    return _ADDRESS.sub("[address]", text or "")
