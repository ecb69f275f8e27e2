"""A subscription's state in words: Stripe's status stored raw, one portal state derived from it."""

from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Stripe's own (https://docs.stripe.com/api/subscriptions/object)."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    UNPAID = "unpaid"
    PAUSED = "paused"


LIVE = frozenset({Status.INCOMPLETE, Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.UNPAID, Status.PAUSED})
"""An organization has at most one of these; a partial unique index says so too."""

NOT_BEGUN = frozenset({Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED})
"""Canceled says nothing about it: a start given up before its first payment is canceled as well."""

RUNNING = LIVE - {Status.INCOMPLETE}


class PortalState(StrEnum):
    NONE = "none"
    TRIALING = "trialing"
    ACTIVE = "active"
    CANCELING = "canceling"
    CHANGE_SCHEDULED = "change_scheduled"
    PAUSED = "paused"
    PAST_DUE = "past_due"
    RESTRICTED = "restricted"
    ENDED = "ended"


_DIRECT = {
    Status.CANCELED: PortalState.ENDED,
    Status.UNPAID: PortalState.RESTRICTED,
    Status.PAUSED: PortalState.PAUSED,
}


def portal_state(
    status: str,
    *,
    has_begun: bool,
    cancel_at: datetime | None,
    changes_at: datetime | None,
    pauses_at: datetime | None,
    access_ends_at: datetime | None,
    now: datetime,
) -> PortalState:
    """What the customer is told. `now` is business time; access ends when the grace after a failed renewal is over."""
    status = Status(status)
    if not has_begun:
        return PortalState.NONE
    if status == Status.PAUSED and pauses_at is not None and now < pauses_at:
        return PortalState.ACTIVE  # what is paid for stays; Stripe pauses a little earlier
    if status in _DIRECT:
        return _DIRECT[status]
    if status == Status.PAST_DUE:
        over = access_ends_at is not None and now >= access_ends_at
        return PortalState.RESTRICTED if over else PortalState.PAST_DUE
    if cancel_at is not None:
        return PortalState.CANCELING
    if changes_at is not None:
        return PortalState.CHANGE_SCHEDULED
    return PortalState.TRIALING if status == Status.TRIALING else PortalState.ACTIVE
