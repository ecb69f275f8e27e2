"""`portal reconcile`, typed by whoever runs the portal."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import commit
from app.gateway.client import client
from app.subscriptions.models import Subscription
from portal.demo.stack import Stack
from tests.cast import Browser
from tests.gateway.faults import falter
from tests.helpers import Sandbox


@pytest.fixture
def subscribed(ada: Browser, subscribe: Callable[..., None]) -> Browser:
    subscribe(ada)
    return ada


def reconcile(stack: Stack, *words: str) -> tuple[int, list[str]]:
    """The exit code, and what was printed."""
    command = [sys.executable, "-m", "portal", "reconcile", *words]
    answer = subprocess.run(command, env=os.environ | stack.environment(), capture_output=True, text=True, timeout=60)
    db.session.expire_all()
    printed = [line for line in answer.stdout.splitlines() if not line.startswith("{")]  # lines of the log
    return answer.returncode, printed or answer.stderr.splitlines()


def test_what_differs_is_repaired_and_said(stack: Stack, subscribed: Browser) -> None:
    db.session.execute(db.text("UPDATE subscriptions SET quantity = 7"))
    commit()
    code, printed = reconcile(stack, "--full")
    [subscription] = db.session.scalars(select(Subscription))
    assert printed == [
        "0 events fetched, 4 objects compared, 1 different.",
        f"repaired  subscription {subscription.stripe_id} (quantity)",
    ]
    assert (code, subscription.quantity) == (0, 1)
    assert reconcile(stack, "--full") == (0, ["0 events fetched, 4 objects compared, 0 different."])


def test_a_gap_is_filled_without_any_worker(stack: Stack, subscribed: Browser, sandbox: Sandbox) -> None:
    falter(sandbox, {"webhook": "drop", "types": ["*"], "count": None})
    client().v1.customers.update(str(subscribed.organization.stripe_customer_id), {"address": {"city": "London"}})
    sandbox.turn_clock("79 hours")
    code, printed = reconcile(stack, "--since", "80h")
    assert code == 0
    assert not printed[0].startswith("0 events")
    assert subscribed.organization.city == "London"


def test_what_is_left_for_a_person_ends_it_with_1(stack: Stack, subscribed: Browser) -> None:
    db.session.execute(db.text("UPDATE payments SET stripe_id = 'pi_unknown'"))
    commit()
    code, printed = reconcile(stack, "--full")
    assert code == 1
    assert any(line.startswith("open      payment_intent pi_unknown (missing_there): ") for line in printed)
    assert printed[-1] == "1 left for a person, see /admin/reconciliation."


def test_the_workers_go_on_when_stripe_does_not_answer(stack: Stack, subscribed: Browser, sandbox: Sandbox) -> None:
    falter(sandbox, {"call": "error", "path": "/v1/invoices", "count": None})
    code, printed = reconcile(stack, "--full")
    assert code == 1
    assert printed[-1].endswith("The workers go on from here.")
    [task] = db.session.scalars(select(Task).where(Task.kind == "reconcile"))
    assert (task.state, task.payload["part"]) == (TaskState.PENDING, "list:invoice")


def test_a_span_that_is_none_is_refused(stack: Stack, subscribed: Browser) -> None:
    code, printed = reconcile(stack, "--since", "soon")
    assert code == 2
    assert "soon is no span of time; say it as 80h or 30d." in printed[-1]
