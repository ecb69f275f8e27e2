"""The only way to a call that changes something at Stripe.

A row with our idempotency key, the hash of the parameters and the call itself is committed before the call, its outcome
after it. A crash in between leaves the row `started`: the same key asks Stripe again and gets the first answer, never a
second object. Whoever wished it need not come back: `resolving` asks for them, with the call that stands in the row. That
may hold a name or an address, so it is emptied with the outcome.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import stripe
from sqlalchemy import Index, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column
from stripe import RequestOptions

from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import Model
from app.core.failpoints import failpoint
from app.core.logs import log
from app.core.transactions import apart, release

from . import transport
from .errors import GatewayUnavailable, translated
from .errors import IntentMismatch as IntentMismatch
from .transport import WORK_SECONDS, Sent

KEY_LIFE = timedelta(hours=24)
"""How long Stripe surely remembers a key (https://docs.stripe.com/api/idempotent_requests)."""

Answer = TypeVar("Answer")
Params = TypeVar("Params", bound=Mapping[str, object])


GIVEN_UP = timedelta(seconds=WORK_SECONDS + 5)
"""A call that began longer ago has no process any more that waits for it."""
PATIENCE = timedelta(seconds=10)
"""How long after an answer that told nothing we ask for it."""


class IntentState(StrEnum):
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # Stripe said no, or nothing was done
    UNKNOWN = "unknown"
    OVERTAKEN = "overtaken"  # not known, and not asked again, because the same object was changed since
    UNRESOLVED = "unresolved"  # not known, and Stripe cannot be asked any more; a person looks


OPEN = (IntentState.STARTED, IntentState.UNKNOWN)


class StripeIntent(Model):
    """What we were about to do at Stripe. All instants are machine time but `begun_at`.

    `subject` is the object it changes, or the customer it makes one for. `retry_at` is when an open one is looked into.
    """

    __tablename__ = "stripe_intents"
    __table_args__ = (
        Index("ix_stripe_intents_open", "retry_at", postgresql_where="state IN ('started', 'unknown')"),
        Index("ix_stripe_intents_subject", "subject", "started_at"),
        Index(
            "ix_stripe_intents_few",
            "started_at",
            "key",
            postgresql_where="state IN ('started', 'unknown', 'unresolved', 'overtaken')",
        ),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    params_hash: Mapped[str]
    state: Mapped[str]
    stripe_id: Mapped[str | None]
    error_code: Mapped[str | None]
    subject: Mapped[str | None]
    request: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    begun_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def born(self) -> datetime:
        """Since when its key grows old."""
        return self.begun_at or self.started_at

    @property
    def sent(self) -> Sent | None:
        """The call, while the outcome is open."""
        return Sent(**self.request) if self.request else None


class IntentSpent(PortalError):
    """The deed was done before, and what it brought about is over by now."""

    status = 409
    code = "form_already_used"

    def __init__(self) -> None:
        super().__init__("This form was already used. Reload the page and look before you try again.")


class IntentTooOld(PortalError):
    status = 409
    code = "idempotency_key_expired"

    def __init__(self) -> None:
        super().__init__("This form is too old to be sent again. Reload the page and look before you try again.")


def params_hash(params: Mapping[str, object]) -> str:
    canonical = json.dumps(params, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def label(key: str) -> str:
    """The name of the deed `key` in the metadata of what it made."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def perform(key: str, params: Params, call: Callable[[Params, RequestOptions], Answer]) -> Answer:
    """Do `call(params, options)` at Stripe once for `key`, the name of the deed.

    `options` carries the idempotency key. A repetition with the same parameters gives Stripe's first answer. Raises
    IntentMismatch, IntentTooOld, and whatever `translated` makes of Stripe's answer; GatewayUnavailable with `unknown`
    leaves the intent open for the same key.
    """
    release()
    digest = params_hash(params)
    before: list[str | None] = []  # how the intent stood; empty as long as nothing was sent
    try:
        with transport.deed(label(key), lambda sent: before.append(_begin(key, digest, sent))), translated():
            answer = call(params, {"idempotency_key": key})
            failpoint("after_stripe_before_commit")
    except (PortalError, stripe.AuthenticationError, stripe.PermissionError) as error:
        if before:
            _end(key, _failure(error, before[0]), error_code=getattr(error, "code", None) or type(error).__name__)
        raise
    _end(key, IntentState.SUCCEEDED, stripe_id=getattr(answer, "id", None))
    return answer


def _failure(error: Exception, before: str | None) -> IntentState:
    """Not heard of this time says nothing about the time before."""
    if not isinstance(error, GatewayUnavailable):
        return IntentState.FAILED
    was_open = before not in (None, IntentState.FAILED)
    return IntentState.UNKNOWN if error.unknown or was_open else IntentState.FAILED


def outcome(key: str) -> str | None:
    """The Stripe id that `key` brought about, if it is known to have succeeded."""
    made = select(StripeIntent.stripe_id).where(StripeIntent.key == key, StripeIntent.state == IntentState.SUCCEEDED)
    with apart() as session:
        return session.scalar(made)


def is_done(key: str) -> bool:
    """Whether `key` surely did its deed; for what has no Stripe id, which `outcome` would answer."""
    done = select(StripeIntent.key).where(StripeIntent.key == key, StripeIntent.state == IntentState.SUCCEEDED)
    with apart() as session:
        return session.scalar(done) is not None


def was_tried(key: str) -> bool:
    """Whether `key` did its deed, or may have done it: repeated, it gives Stripe's first answer and no second object."""
    known = select(StripeIntent.key).where(StripeIntent.key == key, StripeIntent.state != IntentState.FAILED)
    with apart() as session:
        return session.scalar(known) is not None


def _begin(key: str, digest: str, sent: Sent) -> str | None:
    """Write down what is sent now; answers the state before, None for a new deed."""
    wall = clock.wall()
    row = {"request": asdict(sent), "subject": subject_of(sent), "retry_at": wall + GIVEN_UP}
    first = {"key": key, "params_hash": digest, "state": IntentState.STARTED, "started_at": wall}
    with apart() as session:
        intent = session.get(StripeIntent, key, with_for_update=True)
        if intent is None:
            new = insert(StripeIntent).values(**first, **row, begun_at=clock.now(), tries=0)
            if session.execute(new.on_conflict_do_nothing().returning(StripeIntent.key)).first():
                return None
            intent = session.get_one(StripeIntent, key, with_for_update=True)
        before = intent.state
        if intent.params_hash != digest:
            log.error("key reused for another deed", intent=key)  # an old page, or a bug of ours: never a new key
            raise IntentMismatch()
        if intent.started_at < wall - KEY_LIFE:
            raise IntentTooOld()
        if before != IntentState.SUCCEEDED:
            intent.state = IntentState.STARTED
            for name, value in row.items():
                setattr(intent, name, value)
    return before


def _end(key: str, state: IntentState, *, stripe_id: str | None = None, error_code: str | None = None) -> None:
    with apart() as session:
        close(session, key, state, stripe_id=stripe_id, error_code=error_code)


def close(
    session: Session, key: str, state: IntentState, *, stripe_id: str | None = None, error_code: str | None = None
) -> None:
    """Write an outcome down. What has succeeded stays so, whatever a repetition met."""
    wall = clock.wall()
    values: dict[str, Any] = {"state": state, "error_code": error_code, "finished_at": wall}
    if state == IntentState.UNKNOWN:
        values["retry_at"] = wall + PATIENCE
    else:
        values |= {"stripe_id": stripe_id, "request": None, "retry_at": None}
    statement = update(StripeIntent).where(StripeIntent.key == key)
    if state != IntentState.SUCCEEDED:
        statement = statement.where(StripeIntent.state != IntentState.SUCCEEDED)
    session.execute(statement.values(**values))


_ID = re.compile(r"(cus|sub|in|pi|pm|seti|prod|price|mtr|sub_sched|re|cn|txi)_\w+")


def subject_of(sent: Sent) -> str | None:
    """The object in the address of a call, or the one that the new object will belong to."""
    named = [part for part in sent.path.split("/") if _ID.fullmatch(part)]
    params = sent.params
    owners = [params.get(name, "") for name in ("customer", "payment_intent", "invoice", "from_subscription")]
    named += [owner for owner in owners if _ID.fullmatch(owner)]
    return named[0] if named else None
