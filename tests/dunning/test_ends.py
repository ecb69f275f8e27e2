"""How a case ends, whatever comes between its steps."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core import clock, failpoints
from app.core.extensions import db
from app.core.failpoints import FailpointError
from app.dunning import concluding, retrying
from app.dunning.models import DunningCase
from app.gateway.client import client
from tests.cast import Browser
from tests.dunning.conftest import charges, invoice_of, let_pass, state
from tests.helpers import Mailbox, Sandbox, while_a_call_waits, work
from tests.invoices.owing import VISA, give_card

Renewal = Callable[..., DunningCase]


@pytest.fixture
def due(renewal: Renewal, sandbox: Sandbox, settings: Callable[..., None]) -> DunningCase:
    """A case whose plan ends in an hour."""
    settings(dunning_final_action="cancel")
    case = renewal()
    for time in ("72 hours", "72 hours", "23 hours"):
        let_pass(sandbox, time)
    return case


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Callable[[str], object]]:
    """`broken("after_stripe_before_commit")`: the next who comes by that point dies there."""
    failpoints.watch(tmp_path)
    yield lambda point: (tmp_path / point).write_text("raise")
    failpoints.watch(None)


def test_a_worker_that_dies_after_the_plans_end_leaves_nothing_owed(
    due: DunningCase, sandbox: Sandbox, broken: Callable[[str], object]
):
    sandbox.turn_clock("1 hour")
    clock.refresh()
    broken("after_stripe_before_commit")
    with pytest.raises(FailpointError):
        concluding.conclude(due.id)
    db.session.rollback()
    work(sandbox)
    assert (state(due), invoice_of(due).status) == ("ended", "uncollectible")


def test_what_is_paid_in_the_moment_of_the_end_is_no_recovery_that_goes_on(
    ada: Browser, due: DunningCase, sandbox: Sandbox, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
):
    give_card(ada, VISA)
    invoice = invoice_of(due).stripe_id
    sandbox.hold_events()
    sandbox.turn_clock("1 hour")
    clock.refresh()
    with while_a_call_waits(sandbox, "DELETE", "/v1/subscriptions/", lambda: client().v1.invoices.pay(invoice)):
        concluding.conclude(due.id)
    db.session.commit()
    sandbox.hold_events(False)
    work(sandbox)
    assert (state(due), invoice_of(due).status) == ("recovered", "paid")
    assert "Paid: Growth goes on" not in mailbox.subjects("ada@example.com")
    assert "refund it" in caplog.text


def test_a_staff_retry_that_is_repeated_after_a_crash_charges_once(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    retrying.now(case.id, "press")
    db.session.rollback()
    card = str(client().v1.subscriptions.list({}).data[0].default_payment_method)
    ada.post(f"/invoices/{invoice_of(case).number}/payment", data={"token": "p" * 22, "amount": "9900", "card": card})
    before = charges(ada, sandbox)
    retrying.now(case.id, "press")
    db.session.commit()
    assert charges(ada, sandbox) == before == [False] * 3
