"""What stands in the tables that staff look at."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.core import clock, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import apart, commit
from app.gateway.intents import IntentState, StripeIntent
from app.webhooks.models import EventState, InboxEvent


@pytest.fixture
def receive(app: Flask) -> Callable[..., str]:
    """`receive("sub_1", state="parked")`: one more event in the inbox; answers its id."""

    def one(object_id: str = "sub_1", **columns: Any) -> str:
        number = db.session.scalar(db.select(db.func.count()).select_from(InboxEvent))
        known: dict[str, Any] = {
            "event_id": f"evt_{number}",
            "type": "customer.subscription.updated",
            "object_type": "subscription",
            "object_id": object_id,
            "payload": {"id": f"evt_{number}", "livemode": False},
            "state": EventState.PARKED,
            "created_at": clock.wall(),
            "received_at": clock.wall() - timedelta(minutes=3),
        }
        event = InboxEvent(**known | columns)
        db.session.add(event)
        commit()
        return event.event_id

    return one


@pytest.fixture
def record(app: Flask) -> Callable[..., int]:
    """`record("receipt:inv_1", state="pending")`: one more task, parked if nothing else is said; answers its number."""

    def one(key: str = "receipt:inv_1", kind: str = "send_mail", queue: str = "mail", **columns: Any) -> int:
        mail = {"template": "receipt", "to": ["ada@example.com"], "context": {"name": "Ada"}}
        tasks.record(kind, key, mail, queue=queue)
        task = db.session.scalars(db.select(Task).order_by(Task.id.desc()).limit(1)).one()
        known = {"state": TaskState.PARKED, "attempts": 10, "finished_at": clock.wall()}
        for name, value in (known | columns).items():
            setattr(task, name, value)
        commit()
        return task.id

    return one


@pytest.fixture
def call(app: Flask) -> Callable[..., str]:
    """`call("subscription-cancel:sub_1:t")`: one more call whose end is not known; answers its key."""

    def one(key: str = "subscription-cancel:sub_1:t", **columns: Any) -> str:
        began = clock.wall() - timedelta(minutes=3)
        known: dict[str, Any] = {
            "params_hash": "",
            "state": IntentState.UNKNOWN,
            "subject": "sub_1",
            "request": {"method": "post", "path": "/v1/subscriptions/sub_1", "form": "description=Ada"},
            "tries": 2,
            "begun_at": began,
            "started_at": began,
            "retry_at": clock.wall() + timedelta(minutes=3),
        }
        with apart() as session:
            session.add(StripeIntent(key=key, **known | columns))
        return key

    return one
