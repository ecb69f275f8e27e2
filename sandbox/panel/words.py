"""Records in a few words, for lists and for the sentence about what comes next."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox import cycle
from sandbox.core import Sandbox
from sandbox.hosted.money import written
from sandbox.panel.json_view import instant
from sandbox.store import Record

DEEDS = {
    "billing.credit_grant": "Credits expire",
    "dispute": "Unanswered dispute is lost",
    "payment_intent": "Money set aside goes back",
    "refund": "Bank decides on the refund",
}
"""What time does to the types to which it does one thing only."""

TITLES = ("name", "email", "nickname", "display_name", "url", "code", "lookup_key", "number", "description")


def summary(record: Record) -> str:
    """What a list shows of a record beside its id: what it is called, what it costs, which card, which state."""
    title = next((str(record[key]) for key in TITLES if record.get(key)), "")
    parts = (title, _amount(record), _card(record), _state(record))
    return " · ".join(part for part in parts if part)


@dataclass(frozen=True)
class Coming:
    """What time does next: when (virtual unix seconds), to which record, in words."""

    at: int
    record: Record
    deed: str


def coming(box: Sandbox) -> Coming | None:
    """The next time-driven deed, or None when nothing is waiting."""
    timed = [record for kind in cycle.TIMED for record in box.store.list(kind)]
    due = [(at, record) for record in timed if (at := cycle.due_at(record)) is not None]
    if not due:
        return None
    at, record = min(due, key=lambda entry: entry[0])
    return Coming(at, record, deed(record, at))


def deed(record: Record, at: int) -> str:
    """What happens to a record when its next instant comes."""
    if record["object"] in DEEDS:
        return DEEDS[record["object"]]
    if record["object"] == "invoice":
        return "Draft invoice is finalized" if record["status"] == "draft" else "Payment is tried again"
    if record["status"] == "incomplete":
        return "Unpaid subscription expires"
    if record["cancel_at"] == at:
        return "Subscription ends"
    if (record["pending_update"] or {}).get("expires_at") == at:
        return "Unpaid change expires"
    if (record["pause_collection"] or {}).get("resumes_at") == at:
        return "Collection resumes"
    if record["status"] == "trialing":
        return "Trial ends" if at == record["_boundary"] else "End of the trial is announced"
    return "Subscription renews" if at == record["_boundary"] else "Renewal is announced"


def _amount(record: Record) -> str:
    for key in ("amount", "total", "unit_amount"):
        if isinstance(record.get(key), int) and record.get("currency"):
            return written(record[key], record["currency"])
    return ""


def _card(record: Record) -> str:
    card: Any = record.get("card")
    return f"{card['brand']} {card['last4']}" if isinstance(card, dict) and "last4" in card else ""


def _state(record: Record) -> str:
    if record.get("status"):
        return str(record["status"]).replace("_", " ")
    return "archived" if record.get("active") is False else ""


def delivery(box: Sandbox, record: Record) -> dict[str, Any]:
    """A delivery with its endpoint's address, and the story of its tries in words."""
    endpoint = box.store.get("webhook_endpoint", record["endpoint"])
    tries = "1 try" if record["tries"] == 1 else f"{record['tries']} tries"
    answer = record["last_status"] or record["last_error"]
    parts = [tries, f"last answer: {answer}" if answer else ""]
    if record["status"] == "pending":
        pause = int(record["next_at"] - time.time())
        parts.append(f"next try in {span(pause)}" if pause > 0 else "next try now")
    return {
        **record,
        "url": endpoint["url"] if endpoint else "an endpoint that was removed",
        "story": ", ".join(part for part in parts if part),
    }


def message(done: str, count: int) -> str:
    """The sentence after a button was pressed; only these words, whatever the address says."""
    events = "1 event" if count == 1 else f"{count} events"
    endpoints = "1 endpoint" if count == 1 else f"{count} endpoints"
    return {
        "turned": f"The clock was turned. That made {events}.",
        "refused": "The clock stays: nothing is waiting for time to pass.",
        "sent": f"Sent again to {endpoints}." if count else "No endpoint wants events of this type.",
    }.get(done, "")


def ahead(now: int) -> str:
    """How far the sandbox's clock is from the machine's."""
    difference = now - int(time.time())
    if abs(difference) < 2:
        return "The same as this machine’s clock."
    return f"{span(abs(difference))} {'ahead of' if difference > 0 else 'behind'} this machine’s clock."


def span(seconds: int) -> str:
    """``90061`` → ``1 day 1 h``: the two largest units that are not zero."""
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min"), (left, "s"))
    return " ".join([f"{value} {unit}" for value, unit in parts if value][:2]) or "0 s"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _strftime(shape: str) -> Callable[[float], str]:
    return lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime(shape)


FILTERS: dict[str, Callable[[Any], Any]] = {
    "as_json": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    "day": _strftime("%A, %-d %B %Y"),
    "hour": _strftime("%H:%M:%S"),
    "instant": instant,
    "summary": summary,
    "utc_iso": _iso,
}
"""For the templates, where each name begins with ``panel_``."""
