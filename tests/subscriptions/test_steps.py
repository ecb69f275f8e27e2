"""What the timeline says of a subscription's way from one state to the next."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.audit.models import Entry
from app.core.extensions import db
from app.gateway import subscriptions as gateway
from app.gateway.subscriptions import SubscriptionRecord
from app.overview.timeline import SENTENCES
from app.subscriptions import service
from app.subscriptions.models import Subscription
from tests.cast import Browser

Subscribe = Callable[..., None]


@pytest.fixture
def record(ada: Browser, subscribe: Subscribe) -> SubscriptionRecord:
    """Ada's running subscription as Stripe has it."""
    subscribe(ada, "growth")
    return gateway.retrieve(db.session.scalars(db.select(Subscription.stripe_id)).one())


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (["past_due", "active"], ["past_due", "recovered"]),
        (["past_due", "unpaid", "active"], ["past_due", "unpaid", "recovered"]),
        (["paused", "active"], ["paused", "resumed"]),
        (["trialing", "active"], ["trial_converted"]),
        (["past_due", "canceled"], ["past_due", "ended"]),
        (["active"], []),
    ],
)
def test_each_change_is_told_in_one_sentence(ada: Browser, record: SubscriptionRecord, way: list[str], told: list[str]):
    for status in way:
        service.absorb(ada.organization, replace(record, status=status))
        db.session.commit()
    actions = db.session.scalars(db.select(Entry.action).where(Entry.action.like("subscription.%")).order_by(Entry.id))
    assert list(actions) == [f"subscription.{step}" for step in ["started", *told]]
    assert {f"subscription.{step}" for step in told} <= SENTENCES.keys()
