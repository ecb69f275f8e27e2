"""One portal state for each situation Stripe can report."""

from datetime import UTC, datetime, timedelta

import pytest

from app.subscriptions.states import PortalState, Status, portal_state

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def state(
    status: str,
    *,
    begun: bool = True,
    ends: bool = False,
    changes: bool = False,
    pauses: bool = False,
    past_due: timedelta | None = None,
) -> PortalState:
    return portal_state(
        status,
        has_begun=begun,
        cancel_at=NOW + WEEK if ends else None,
        changes_at=NOW + WEEK if changes else None,
        pauses_at=NOW + WEEK if pauses else None,
        access_ends_at=NOW + WEEK - past_due if past_due is not None else None,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.TRIALING, PortalState.TRIALING),
        (Status.ACTIVE, PortalState.ACTIVE),
        (Status.PAUSED, PortalState.PAUSED),
        (Status.UNPAID, PortalState.RESTRICTED),
        (Status.CANCELED, PortalState.ENDED),
    ],
)
def test_stripes_word_decides(status: str, expected: PortalState):
    assert state(status) == expected


@pytest.mark.parametrize("status", [Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED, Status.CANCELED])
def test_what_never_began_is_nothing(status: str):
    assert state(status, begun=False) == PortalState.NONE


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.TRIALING])
def test_what_ends_says_so(status: str):
    assert state(status, ends=True) == PortalState.CANCELING


def test_past_due_keeps_access_during_grace():
    assert state(Status.PAST_DUE, past_due=timedelta(days=6)) == PortalState.PAST_DUE


def test_past_due_is_restricted_when_grace_is_over():
    assert state(Status.PAST_DUE, past_due=WEEK) == PortalState.RESTRICTED


def test_a_change_to_come_says_so():
    assert state(Status.ACTIVE, changes=True) == PortalState.CHANGE_SCHEDULED


def test_an_end_says_more_than_a_change_to_come():
    assert state(Status.ACTIVE, changes=True, ends=True) == PortalState.CANCELING


def test_a_pause_does_not_begin_before_its_time():
    assert state(Status.PAUSED, pauses=True) == PortalState.ACTIVE
