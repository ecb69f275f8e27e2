"""The access decision: allowed, until when, and why; and whose plan counts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.catalog.models import Price
from app.core import clock
from app.subscriptions.access import Access, access, plan_in_force
from app.subscriptions.models import Subscription
from app.subscriptions.states import PortalState, Status

Given = Callable[..., Subscription]


@pytest.fixture
def given(nexus: Callable[..., Price]) -> Given:
    """A subscription to Growth that began a while ago, in whatever situation the columns say."""

    def make(status: Status, **columns: Any) -> Subscription:
        began = clock.now() - timedelta(days=40)
        return Subscription(status=status, price_id=nexus("growth").id, began_at=began, **columns)

    return make


def in_days(days: int) -> datetime:
    return clock.now() + timedelta(days=days)


def key_of(subscription: Subscription | None) -> str | None:
    plan = plan_in_force(subscription)
    return plan.key if plan else None


def test_without_a_subscription_free_may_be_used(nexus: Callable[..., Price]):
    assert access(None) == Access(True, None, PortalState.NONE)
    assert key_of(None) == "free"


def test_without_a_catalogue_nothing_may_be_used(app):
    assert access(None) == Access(False, None, PortalState.NONE)
    assert plan_in_force(None) is None


def test_an_active_plan_may_be_used_without_an_end(given: Given):
    subscription = given(Status.ACTIVE)
    assert access(subscription) == Access(True, None, PortalState.ACTIVE)
    assert key_of(subscription) == "growth"


def test_a_canceled_plan_may_be_used_to_its_end(given: Given):
    ends = in_days(5)
    assert access(given(Status.ACTIVE, cancel_at=ends)) == Access(True, ends, PortalState.CANCELING)


def test_a_planned_pause_is_an_end(given: Given):
    pauses = in_days(5)
    columns = {"pauses_at": pauses, "current_period_start": in_days(-25), "current_period_end": pauses}
    assert access(given(Status.ACTIVE, **columns)) == Access(True, pauses, PortalState.ACTIVE)


@pytest.mark.parametrize("without_card", ["cancel", "pause", None])
def test_a_trial_without_a_card_has_an_end(given: Given, without_card: str | None):
    ends = in_days(5)
    decision = access(given(Status.TRIALING, trial_end=ends, without_card=without_card))
    assert decision == Access(True, ends, PortalState.TRIALING)


@pytest.mark.parametrize("paying", [{"default_payment_method": "pm_1"}, {"without_card": "create_invoice"}])
def test_a_trial_that_goes_on_has_none(given: Given, paying: dict[str, str]):
    decision = access(given(Status.TRIALING, trial_end=in_days(5), **paying))
    assert decision == Access(True, None, PortalState.TRIALING)


def test_past_due_may_be_used_while_grace_lasts(given: Given):
    since = in_days(-2)
    decision = access(given(Status.PAST_DUE, past_due_since=since))
    assert decision == Access(True, since + timedelta(days=7), PortalState.PAST_DUE)


def test_an_end_before_the_end_of_grace_comes_first(given: Given):
    ends = in_days(1)
    assert access(given(Status.PAST_DUE, past_due_since=in_days(-2), cancel_at=ends)).until == ends


@pytest.mark.parametrize("columns", [{"status": Status.PAST_DUE, "past_due_since": -7}, {"status": Status.UNPAID}])
def test_after_grace_nothing_may_be_used(given: Given, columns: dict[str, Any]):
    if "past_due_since" in columns:
        columns = columns | {"past_due_since": in_days(columns["past_due_since"])}
    subscription = given(**columns)
    assert access(subscription) == Access(False, None, PortalState.RESTRICTED)
    assert key_of(subscription) == "growth"


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.PAUSED, PortalState.PAUSED), (Status.CANCELED, PortalState.ENDED)]
)
def test_a_plan_that_rests_or_ended_leaves_free(given: Given, status: Status, reason: PortalState):
    subscription = given(status)
    assert access(subscription) == Access(True, None, reason)
    assert not access(subscription).is_live
    assert key_of(subscription) == "free"
