"""What became of a call whose answer nobody heard.

While Stripe surely knows its key, the same call is made again: Stripe repeats its first answer, or does now what was
wished, once. Later a key proves nothing, so what the call would have made is looked for by the label it carries. Nothing
is repeated that was overtaken: a later deed on the same object says that its owner has moved on.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import stripe
from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from app.core import clock, tasks
from app.core.errors import PortalError
from app.core.logs import log
from app.core.transactions import apart, release

from . import intents, transport
from .client import client
from .errors import GatewayUnavailable, translated
from .intents import OPEN, IntentState, StripeIntent
from .transport import LABEL, LABELLED, Sent

KEY_LIFE = intents.KEY_LIFE - timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=1)
PAGES = 20  # of 100 objects that are looked through
SKEW = timedelta(minutes=5)

LOOK = "resolve_intent"
"""The kind of task that looks into one."""

Touched = tuple[str, str]
"""Type and id of an object at Stripe that is to be fetched and absorbed."""

NOT_DONE = "not_executed"
FILTERS = ("customer", "payment_intent", "invoice", "product")
"""What narrows a list down, as far as the call said it."""
TYPES = {
    "cus": "customer",
    "sub": "subscription",
    "in": "invoice",
    "pi": "payment_intent",
    "seti": "setup_intent",
    "pm": "payment_method",
    "txi": "tax_id",
    "re": "refund",
}


def due() -> list[tuple[str, int]]:
    """Which open intents are to be looked into now: their keys, and the how manieth time it is."""
    found = select(StripeIntent.key, StripeIntent.tries).where(
        StripeIntent.state.in_(OPEN), StripeIntent.retry_at <= clock.wall()
    )
    with apart() as session:
        return [(key, tries) for key, tries in session.execute(found.order_by(StripeIntent.retry_at).limit(100))]


def ask_for(key: str, tries: int) -> bool:
    """Record one look into an open intent; which one it is makes it one, however many ask. Was nobody faster?"""
    return tasks.record(LOOK, f"{key}:{tries}", {"intent": key, "tries": tries})


def resolve(key: str, tries: int) -> list[Touched]:
    """Find out about the open intent `key`, for the time that `due` said; answers what may have changed by it.

    Nothing if Stripe does not tell today: it is due again then, up to an hour later.
    """
    release()
    intent = _take(key, tries)
    if intent is None:
        return []
    sent = intent.sent
    if sent is None:
        return _leave_to_a_person(intent)
    try:
        with translated():
            return _find_out(intent, sent)
    except GatewayUnavailable:
        return []
    except (PortalError, stripe.StripeError) as error:
        log.error("intent cannot be looked into", intent=key, error=type(error).__name__)
        return []


def _take(key: str, tries: int) -> StripeIntent | None:
    """The intent, postponed for whoever comes next; None if it is settled, or somebody else's turn."""
    wait = min(intents.PATIENCE * 2 ** min(tries + 1, 12), LONGEST_WAIT)
    mine = update(StripeIntent).where(
        StripeIntent.key == key, StripeIntent.tries == tries, StripeIntent.state.in_(OPEN)
    )
    with apart() as session:
        return session.scalars(
            mine.values(tries=tries + 1, retry_at=clock.wall() + wait).returning(StripeIntent)
        ).one_or_none()


def _find_out(intent: StripeIntent, sent: Sent) -> list[Touched]:
    is_overtaken = _is_overtaken(intent)
    knows_key = sent.method == "delete" or clock.now() < intent.born + KEY_LIFE
    if knows_key and not is_overtaken:
        try:
            return _repeat(intent, sent)
        except GatewayUnavailable as silence:
            if not silence.unknown or sent.path not in LABELLED:
                raise
            return _look(intent, sent, or_else=None)  # the error itself may be what Stripe remembers
    if sent.path in LABELLED:
        return _look(intent, sent, or_else=IntentState.FAILED)
    if is_overtaken:
        log.warning("intent overtaken", intent=intent.key, subject=intent.subject)
        _close(intent, IntentState.OVERTAKEN)
        return _subject(intent)
    return _leave_to_a_person(intent)


def _is_overtaken(intent: StripeIntent) -> bool:
    later = aliased(StripeIntent)
    found = exists().where(
        later.subject == intent.subject, later.started_at > intent.started_at, later.state != IntentState.FAILED
    )
    with apart() as session:
        return bool(session.scalar(select(found)))


def _repeat(intent: StripeIntent, sent: Sent) -> list[Touched]:
    """The same call under the same key. Raises GatewayUnavailable."""
    in_address = sent.params if sent.method == "delete" else {}
    try:
        with transport.again(sent), translated():
            answer = client().raw_request(sent.method, sent.path, idempotency_key=intent.key, **in_address)
    except GatewayUnavailable:
        raise
    except PortalError as refusal:
        # Deleting knows no keys: what is gone already was deleted, by us as far as anybody can tell.
        is_gone = sent.method == "delete"
        _close(intent, IntentState.SUCCEEDED if is_gone else IntentState.FAILED, error_code=refusal.code)
        return _subject(intent)
    return _succeed(intent, answer.data)


def _look(intent: StripeIntent, sent: Sent, *, or_else: IntentState | None) -> list[Touched]:
    """Look for what the call made; `or_else` is the outcome when there surely is nothing."""
    for found in _made(intent, sent):
        if found is None:
            return _leave_to_a_person(intent)
        if (found.get("metadata") or {}).get(LABEL) == intents.label(intent.key):
            return _succeed(intent, found)
    if or_else is not None:
        _close(intent, or_else, error_code=NOT_DONE)
    return []


def _made(intent: StripeIntent, sent: Sent) -> Iterator[dict[str, Any] | None]:
    """Objects of the same kind that were made since, newest first; None at last if there are more than we look through."""
    query: dict[str, Any] = {name: sent.params[name] for name in FILTERS if name in sent.params}
    query |= {"limit": 100, "created[gte]": int((intent.born - SKEW).timestamp())}
    if sent.path == "/v1/subscriptions":
        query["status"] = "all"
    for _page in range(PAGES):
        page: Any = client().raw_request("get", sent.path, **query).data
        yield from page["data"]
        if not page["has_more"]:
            return
        query["starting_after"] = page["data"][-1]["id"]
    yield None


def _succeed(intent: StripeIntent, found: Any) -> list[Touched]:
    _close(intent, IntentState.SUCCEEDED, stripe_id=found.get("id"))
    log.info("intent resolved", intent=intent.key, stripe_id=found.get("id"))
    touched = [(str(found.get("object")), str(found.get("id")))]
    # What these speak of is what we keep: they are no rows of ours themselves.
    for name in ("subscription", "invoice"):
        if isinstance(other := found.get(name), str):
            touched.append((name, other))
    return touched


def _leave_to_a_person(intent: StripeIntent) -> list[Touched]:
    log.error("intent unresolved", intent=intent.key, subject=intent.subject, since=intent.born.isoformat())
    _close(intent, IntentState.UNRESOLVED)
    return _subject(intent)


def _subject(intent: StripeIntent) -> list[Touched]:
    prefix = (intent.subject or "").split("_")[0]
    return [(TYPES[prefix], str(intent.subject))] if prefix in TYPES else []


def _close(
    intent: StripeIntent, state: IntentState, *, stripe_id: str | None = None, error_code: str | None = None
) -> None:
    with apart() as session:
        intents.close(session, intent.key, state, stripe_id=stripe_id, error_code=error_code)
