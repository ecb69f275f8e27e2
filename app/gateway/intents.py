"""The only way to a call that changes something at Stripe.

A row with our idempotency key and the hash of the parameters is committed before the call, its outcome after it. A crash
in between leaves the row `started`: the same key asks Stripe again and gets the first answer, never a second object.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column
from stripe import RequestOptions

from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import Model
from app.core.transactions import apart, release

from .errors import GatewayUnavailable, translated
from .errors import IntentMismatch as IntentMismatch

KEY_LIFE = timedelta(hours=24)
"""How long Stripe surely remembers a key (https://docs.stripe.com/api/idempotent_requests)."""

Answer = TypeVar("Answer")
Params = TypeVar("Params", bound=Mapping[str, object])


class IntentState(StrEnum):
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class StripeIntent(Model):
    """What we were about to do at Stripe. All instants are machine time."""

    __tablename__ = "stripe_intents"

    key: Mapped[str] = mapped_column(primary_key=True)
    params_hash: Mapped[str]
    state: Mapped[str]
    stripe_id: Mapped[str | None]
    error_code: Mapped[str | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


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


def perform(key: str, params: Params, call: Callable[[Params, RequestOptions], Answer]) -> Answer:
    """Do `call(params, options)` at Stripe once for `key`, the name of the deed.

    `options` carries the idempotency key. A repetition with the same parameters gives Stripe's first answer. Raises
    IntentMismatch, IntentTooOld, and whatever `translated` makes of Stripe's answer; GatewayUnavailable with `unknown`
    leaves the intent open for the same key.
    """
    release()
    _begin(key, params_hash(params))
    try:
        with translated():
            answer = call(params, {"idempotency_key": key})
    except PortalError as error:
        unknown = isinstance(error, GatewayUnavailable)
        _end(key, IntentState.UNKNOWN if unknown else IntentState.FAILED, error_code=error.code)
        raise
    _end(key, IntentState.SUCCEEDED, stripe_id=getattr(answer, "id", None))
    return answer


def outcome(key: str) -> str | None:
    """The Stripe id that `key` brought about, if it is known to have succeeded."""
    made = select(StripeIntent.stripe_id).where(StripeIntent.key == key, StripeIntent.state == IntentState.SUCCEEDED)
    with apart() as session:
        return session.scalar(made)


def was_tried(key: str) -> bool:
    """Whether `key` did its deed, or may have done it: repeated, it gives Stripe's first answer and no second object."""
    known = select(StripeIntent.key).where(StripeIntent.key == key, StripeIntent.state != IntentState.FAILED)
    with apart() as session:
        return session.scalar(known) is not None


def _begin(key: str, digest: str) -> None:
    wall = clock.wall()
    row = {"key": key, "params_hash": digest, "state": IntentState.STARTED, "started_at": wall}
    with apart() as session:
        session.execute(insert(StripeIntent).values(**row).on_conflict_do_nothing())
        intent = session.scalars(select(StripeIntent).where(StripeIntent.key == key)).one()
    if intent.params_hash != digest:
        raise IntentMismatch()
    if intent.started_at < wall - KEY_LIFE:
        raise IntentTooOld()


def _end(key: str, state: IntentState, *, stripe_id: str | None = None, error_code: str | None = None) -> None:
    outcome = {"state": state, "stripe_id": stripe_id, "error_code": error_code, "finished_at": clock.wall()}
    with apart() as session:
        session.execute(update(StripeIntent).where(StripeIntent.key == key).values(**outcome))
