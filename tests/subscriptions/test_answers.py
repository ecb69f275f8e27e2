"""Two answers of Stripe's about one subscription: the younger one counts, and what both say is told once."""

from collections.abc import Callable
from dataclasses import replace
from threading import Thread

import pytest
from flask import Flask

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.gateway import subscriptions as gateway
from app.gateway.subscriptions import SubscriptionRecord
from app.subscriptions import service
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.gateway.faults import falter
from tests.helpers import Sandbox, until

Subscribe = Callable[..., None]


@pytest.fixture
def record(ada: Browser, subscribe: Subscribe) -> SubscriptionRecord:
    """Ada's running subscription, as Stripe said before anything else in the test happens."""
    subscribe(ada, "growth")
    record = gateway.retrieve(db.session.scalars(db.select(Subscription.stripe_id)).one())
    db.session.rollback()
    return record


def test_an_answer_that_was_long_on_its_way_undoes_nothing(ada: Browser, record: SubscriptionRecord):
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    assert service.absorb(ada.organization, record).portal_state == "canceling"


def test_what_a_worker_saw_before_our_deed_does_not_hide_it(
    app: Flask, ada: Browser, record: SubscriptionRecord, sandbox: Sandbox
):
    falter(sandbox, {"call": "drip", "seconds": 1.0, "method": "POST", "path": f"/v1/subscriptions/{record.stripe_id}"})
    form = {"token": "c" * 22, "feedback": "unused", "comment": ""}
    press = Thread(target=lambda: ada.post("/subscription/cancellation", data=form))
    press.start()
    until(lambda: gateway.retrieve(record.stripe_id).cancel_at, "the deed to be done, but not yet answered")
    with app.app_context():
        service.absorb(ada.organization, replace(record, asked_at=clock.wall()))
        db.session.commit()
    press.join()
    assert service.running(ada.organization).portal_state == "canceling"


def test_what_another_worker_absorbed_meanwhile_is_not_told_again(app: Flask, ada: Browser, record: SubscriptionRecord):
    service.running(ada.organization)
    late = replace(record, status="past_due")
    with app.app_context():
        service.absorb(ada.organization, late)
        db.session.commit()
    service.absorb(ada.organization, late)
    db.session.commit()
    told = db.session.scalars(db.select(Entry.action).where(Entry.action == "subscription.past_due")).all()
    assert len(told) == 1


def test_only_the_latest_change_says_what_comes_next(ada: Browser, record: SubscriptionRecord):
    subscription = service.running(ada.organization)
    subscription.next_charge = None
    db.session.commit()
    service.refresh_next_charge(subscription.id, subscription.version - 1)
    assert subscription.next_charge is None
    service.refresh_next_charge(subscription.id, subscription.version)
    assert subscription.coming.amount == subscription.amount
