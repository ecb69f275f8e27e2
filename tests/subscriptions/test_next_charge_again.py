"""A customer that changed at Stripe may be charged otherwise next time: asked once for many events, and again for later ones."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import commit
from app.subscriptions import webhooks
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work

Subscribe = Callable[..., None]


@pytest.fixture
def customer(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> str:
    subscribe(ada, "growth")
    work(sandbox)
    return str(ada.organization.stripe_customer_id)


def changed(customer: str) -> None:
    webhooks.next_charge_changed(customer)
    commit()


def waiting() -> int:
    pending = db.select(Task).where(Task.kind == "refresh_next_charge", Task.state == TaskState.PENDING)
    return len(db.session.scalars(pending).all())


def asked_at() -> str:
    db.session.expire_all()
    return str(db.session.scalars(db.select(Subscription)).one().next_charge["as_of"])


def test_many_events_ask_once(customer: str):
    for _ in range(3):
        changed(customer)
    assert waiting() == 1


def test_an_event_after_the_answer_asks_again(customer: str):
    changed(customer)
    work()
    before = asked_at()
    changed(customer)
    work()
    assert asked_at() > before
