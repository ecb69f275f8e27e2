"""Whatever happened to events and rows: after a round what stands here is what Stripe has, and a second one has nothing to do."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.reconciliation import rounds
from app.reconciliation.models import Difference, Round, Scope, Sighting, State
from tests.cast import Browser
from tests.helpers import Sandbox, work


def reconcile(scope: Scope = Scope.FULL) -> Round:
    """A whole round, as the workers take it, and the repairs it asks for."""
    key = f"test:{db.session.scalar(db.select(db.func.count()).select_from(Round))}"
    step = rounds.begin(scope, key)
    assert step is not None
    rounds.record(step)
    commit()
    work()
    return db.session.scalars(db.select(Round).where(Round.key == key)).one()


def differences() -> list[Difference]:
    db.session.expire_all()
    return list(db.session.scalars(db.select(Difference).order_by(Difference.id)))


MIRRORS = {
    "subscriptions": """status = 'past_due', quantity = 7, current_period_end = current_period_end + interval '1 day',
        cancel_at = now(), canceled_at = now(), default_payment_method = 'pm_other', latest_invoice = NULL,
        item = NULL, trial_end = now(), feedback = 'unused', comment = 'x', paused_because = 'x', schedule = 'x',
        discounts = '[{"id": "di_1", "amount_off": 1}]', promotion_code = 'x', without_card = 'pause'""",
    "invoices": """status = 'open', paid_amount = 0, remaining_amount = total_amount, paid_at = NULL, attempt_count = 9,
        total_amount = total_amount + 1, hosted_invoice_url = NULL, buyer = '{}', payments = '[]', number = 'X'""",
    "payments": "status = 'processing', amount = 1",
    "payment_attempts": "status = 'pending', refunded_amount = 5, amount = 1, failure = 'x'",
    "payment_methods": "exp_year = 2031, brand = 'amex', last4 = '0000', fingerprint = NULL, is_default = NOT is_default",
    "organizations": "billing_name = 'Nobody', line1 = 'Nowhere 1', city = 'X', country = 'DE', purchase_order = 'PO1'",
}


def rows(table: str) -> list[dict[str, Any]]:
    kept = {"version", "synced_at", "asked_at", "next_charge", "past_due_since", "pdf_request", "pdf_state", "pdf_path"}
    found = db.session.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings().all()  # noqa: S608  # our own names
    commit()
    return [{name: value for name, value in row.items() if name not in kept} for row in found]


@pytest.fixture
def paying(ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox) -> Browser:
    """Ada, subscribed, and everything is quiet."""
    subscribe(ada)
    work(sandbox)
    return ada


def test_a_round_finds_nothing_where_nothing_differs(paying: Browser, sandbox: Sandbox):
    result = reconcile()
    assert result.finished_at is not None
    assert result.compared >= 4  # a customer, a subscription, an invoice, a payment
    assert (result.found, differences()) == (0, [])


@pytest.mark.parametrize("table", MIRRORS)
def test_what_differs_in_a_row_is_found_and_repaired(paying: Browser, sandbox: Sandbox, table: str):
    before = rows(table)
    db.session.execute(text(f"UPDATE {table} SET {MIRRORS[table]}"))  # noqa: S608  # our own names
    commit()
    assert reconcile().found == 1
    assert [(each.state, each.error) for each in differences()] == [(State.REPAIRED, None)]
    assert rows(table) == before
