"""Records in a few words, for lists and for the sentence about what comes next."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.chaos import plan
from sandbox.core import Sandbox
from sandbox.hosted.money import written
from sandbox.panel.json_view import instant
from sandbox.store import Record

DEEDS = {
    "_delivery": "Webhook goes out",
    "subscription_schedule": "Schedule goes on",
    "discount": "Discount ends",
    "tax_id": "Tax id is verified",
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
    parts = (title, _quantity(record), _amount(record), _card(record), _state(record))
    return " · ".join(part for part in parts if part)


def deed(record: Record, at: int) -> str:
    """What happens to a record when its next instant comes."""
    kind = record["object"]
    if kind in DEEDS:
        return DEEDS[kind]
    if kind == "invoice":
        return "Draft invoice is finalized" if record["status"] == "draft" else "Payment is tried again"
    if kind == "subscription":
        return _deed_of_subscription(record, at)
    return f"Something happens to the {kind.rsplit('.', 1)[-1].replace('_', ' ').strip()}"


def _deed_of_subscription(record: Record, at: int) -> str:
    if record["status"] == "incomplete":
        return "Unpaid subscription expires"
    if record["cancel_at"] == at:
        return "Subscription ends"
    if (record["pending_update"] or {}).get("expires_at") == at:
        return "Unpaid change expires"
    if (record["_resuming"] or {}).get("expires_at") == at:
        return "Return from the pause is given up"
    if (record["pause_collection"] or {}).get("resumes_at") == at:
        return "Collection resumes"
    if record["status"] == "trialing":
        return "Trial ends" if at == record["_boundary"] else "End of the trial is announced"
    return "Subscription renews" if at == record["_boundary"] else "Renewal is announced"


def _quantity(record: Record) -> str:
    return f"{record['quantity']} ×" if record["object"] == "subscription_item" and record.get("quantity") else ""


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
    if record["status"] == "waiting":
        parts.append(f"goes out on {instant(record['due'])}")
    parts.append(", ".join(record.get("faults", ())).replace("_", " "))
    return {
        **record,
        "url": endpoint["url"] if endpoint else "an endpoint that was removed",
        "story": ", ".join(part for part in parts if part),
    }


def fault(entry: Record) -> str:
    """A fault of the plan: where it strikes, and how."""
    place = next(name for name in plan.KINDS if name in entry)
    settings = plan.KINDS[place][entry[place]]
    details = ", ".join(f"{name} {entry[name]}" for name in settings)
    return f"{place}: {entry[place].replace('_', ' ')}" + (f" ({details})" if details else "")


def fault_filter(entry: Record) -> str:
    """Which occasions a fault of the plan is meant for."""
    place = next(name for name in plan.KINDS if name in entry)
    named = (entry.get(name) for name in plan.FILTERS[place])
    parts = [", ".join(one) if isinstance(one, list) else one for one in named if one]
    return " · ".join(parts) or f"every {place}"


def examples(base: str, key: str) -> dict[str, str]:
    """Commands to copy into a terminal."""
    return {
        "Create a customer": f"curl {base}/v1/customers -u {key}: -d name=Ada",
        "Turn the clock": f"""curl {base}/_sandbox/clock -H 'Content-Type: application/json' -d '{{"by": "1 month"}}'""",
        "Let the next call fail": f"curl {base}/_sandbox/faults -H 'Content-Type: application/json' "
        """-d '{"plan": [{"call": "error"}], "seed": 7}'""",
        "Register an endpoint": f"curl {base}/v1/webhook_endpoints -u {key}: "
        "-d url=http://127.0.0.1:8000/webhooks -d 'enabled_events[]=*'",
    }


def rolled(endpoint: Record, now: int) -> str:
    """Until when the secret that an endpoint had before signs as well; empty when none does."""
    until = [one["expires_at"] for one in endpoint.get("_older_secrets", []) if one["expires_at"] > now]
    return f"The secret before signs as well until {instant(max(until))}." if until else ""


def message(done: str, count: int) -> str:
    """The sentence after a button was pressed; only these words, whatever the address says."""
    events = "1 event" if count == 1 else f"{count} events"
    endpoints = "1 endpoint" if count == 1 else f"{count} endpoints"
    webhooks = "1 webhook" if count == 1 else f"{count} webhooks"
    return {
        "turned": f"The clock was turned. That made {events}.",
        "refused": "The clock stays: nothing is waiting for time to pass.",
        "far": "The clock stays: one turn goes at most 20 years ahead.",
        "behind": "The clock stays: it only goes forward.",
        "busy": "The clock is being turned already.",
        "sent": f"Sent again to {endpoints}." if count else "No endpoint wants events of this type.",
        "replayed": f"{webhooks} sent again.",
        "armed": "The fault is set.",
        "cleared": f"The plan is empty; {webhooks} released." if count else "The plan is empty.",
        "released": f"{webhooks} released.",
        "set": "Failed webhooks follow this schedule from now on.",
        "held": "Webhooks are held back.",
        "flowing": "Webhooks go out.",
        "billing": "The account bills like this from now on.",
        "rolled": "The endpoint has a new secret.",
        "disabled": "The endpoint is disabled.",
        "enabled": "The endpoint is enabled.",
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


TONES = {
    "active": "good",
    "trialing": "good",
    "incomplete": "wait",
    "past_due": "bad",
    "unpaid": "bad",
    "paused": "wait",
}
"""The colour of a subscription's status; those that are over have none."""


FILTERS: dict[str, Callable[..., Any]] = {
    "choice": lambda endpoint: (endpoint["id"], endpoint["url"]),
    "money": lambda amount, currency: written(amount, currency) if currency else "nothing",
    "tone": lambda status: TONES.get(status, "quiet"),
    "as_json": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    "day": _strftime("%A, %-d %B %Y"),
    "hour": _strftime("%H:%M:%S"),
    "duration": lambda seconds: f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s",
    "instant": instant,
    "summary": summary,
    "utc_iso": _iso,
}
"""For the templates, where each name begins with ``panel_``."""
