"""What stands in the tables that staff look at."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
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
