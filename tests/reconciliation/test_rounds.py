"""Whatever happened to our rows: after a round they are what Stripe has, and a second one has nothing to do."""

import pytest

from app.core.extensions import db
from app.core.transactions import commit
from app.gateway import listing
from app.gateway.client import client
from app.reconciliation import rounds
from app.reconciliation.models import Round, Scope, State
from app.reconciliation.rounds import Step
from tests.cast import Browser
from tests.gateway.faults import falter
from tests.helpers import Mailbox, Sandbox, work
from tests.reconciliation.comparing import begin, change, differences, everything, reconcile

WRONG = {
    "subscriptions": """price_id = price_id + 1, scheduled_price_id = 1, pending_price_id = 1, ended_at = now(), status = 'past_due', quantity = 7, current_period_end = current_period_end + interval '1 day',
        current_period_start = now(), started_at = now(), cancel_at = now(), canceled_at = now(), trial_end = now(),
        feedback = 'unused', comment = 'x', default_payment_method = 'pm_x', without_card = 'pause', latest_invoice = NULL,
        item = NULL, schedule = 'x', scheduled_quantity = 2, scheduled_at = now(), pending_quantity = 2, promotion_code = 'x',
        pending_expires_at = now(), paused_because = 'x', discounts = '[{"id": "di_1", "code": "X", "name": "X"}]'""",
    "invoices": """subscription_stripe_id = NULL, number = 'X', status = 'open', billing_reason = NULL, currency = 'eur',
        subtotal_amount = 1, discount_amount = 1, tax_amount = 1, total_amount = 1, due_amount = 1, paid_amount = 0,
        remaining_amount = 1, balance_amount = 1, issued_at = now(), due_at = now(), paid_at = NULL, voided_at = now(),
        period_start = now(), period_end = now(), attempt_count = 9, next_payment_attempt_at = now(),
        hosted_invoice_url = NULL, buyer = '{}', taxes = '[{}]', payments = '[]'""",
    "payments": "status = 'processing', amount = 1",
    "payment_attempts": """status = 'pending', refunded_amount = 5, amount = 1, failure = 'x', brand = 'x', last4 = 'x',
        made_at = now()""",
    "refunds": "amount = 1, currency = 'eur', status = 'pending', reason = NULL, failure_reason = 'x', created_at = now()",
    "payment_methods": """type = 'x', exp_year = 2031, exp_month = 1, brand = 'amex', last4 = '0000', fingerprint = NULL,
        is_default = NOT is_default""",
    "organizations": """credit_amount = 700, credit_currency = 'eur', billing_name = 'Nobody', line1 = 'X', line2 = 'X', city = 'X', state = 'X', postal_code = 'X',
        country = 'DE', purchase_order = 'PO1'""",
    "tax_ids": "verification = 'unverified'",
}
HOW_MANY = {"subscriptions": 26, "invoices": 25, "refunds": 6, "organizations": 10}


@pytest.fixture
def whole(paying: Browser, sandbox: Sandbox) -> Browser:
    """Ada has everything that is copied: a tax number and a refund, too."""
    customer = str(paying.organization.stripe_customer_id)
    client().v1.customers.tax_ids.create(customer, {"type": "gb_vat", "value": "GB123456789"})
    intent = sandbox.objects("payment_intents", customer=customer)[0]
    client().v1.refunds.create({"payment_intent": intent["id"], "amount": 500, "reason": "duplicate"})
    work(sandbox)
    sandbox.turn_clock("1 minute")  # for the authority to answer
    work(sandbox)
    return paying


def writes(sandbox: Sandbox) -> int:
    """How many calls have changed something at Stripe."""
    done = sandbox._get("operations")["data"]
    return sum(count for operation, count in done.items() if not operation.startswith("GET"))


def test_a_round_finds_nothing_where_nothing_differs(whole: Browser):
    result = reconcile()
    assert result.finished_at is not None
    assert result.compared == 4  # a customer, a subscription, an invoice, a payment
    assert (result.found, differences()) == (0, [])


@pytest.mark.parametrize("table", WRONG)
def test_whatever_differs_in_a_row_is_found_and_repaired(whole: Browser, table: str):
    before = everything()
    change(table, WRONG[table])
    assert reconcile().found == 1
    [found] = differences()
    assert (found.state, found.error) == (State.REPAIRED, None)
    assert len(found.fields) == HOW_MANY.get(table, len(found.fields))
    assert everything() == before


@pytest.mark.parametrize("table", ["subscriptions", "invoices", "payments", "payment_methods", "tax_ids"])
def test_a_row_that_is_missing_is_made_again(whole: Browser, table: str):
    before = len(everything()[table])
    inners = {"payments": ("payment_attempts", "refunds"), "subscriptions": ("revenue_movements",)}
    for inner in inners.get(table, ()):
        db.session.execute(db.text(f"DELETE FROM {inner}"))  # our own names
    db.session.execute(db.text(f"DELETE FROM {table}"))  # our own names
    commit()
    assert reconcile().found == 1
    assert [each.state for each in differences()] == [State.REPAIRED]
    assert len(everything()[table]) == before


def test_a_second_round_has_nothing_to_do(whole: Browser, ada: Browser, sandbox: Sandbox, mailbox: Mailbox):
    for table in ("subscriptions", "payments", "organizations"):
        change(table, WRONG[table])
    assert reconcile().found == 3
    before, mails, written = everything(), mailbox.to("ada@example.com"), writes(sandbox)
    assert reconcile().found == 0
    assert (everything(), writes(sandbox), mailbox.to("ada@example.com")) == (before, written, mails)


def test_what_stripe_does_not_have_waits_for_a_person(paying: Browser):
    change("payments", "stripe_id = 'pi_unknown'")
    reconcile()
    found = {each.stripe_id: (each.kind, each.state) for each in differences()}
    assert found.pop("pi_unknown") == ("missing_there", State.OPEN)
    assert list(found.values()) == [("missing_here", State.REPAIRED)]
    assert reconcile().found == 1  # the same row again
    assert len(differences()) == 2


def test_what_is_equal_again_by_itself_is_gone(paying: Browser):
    change("payments", "stripe_id = 'pi_unknown'")
    reconcile()
    db.session.execute(db.text("UPDATE payment_attempts SET payment_id = (SELECT max(id) FROM payments)"))
    db.session.execute(db.text("DELETE FROM payments WHERE stripe_id = 'pi_unknown'"))
    commit()
    reconcile(Scope.RECENT)
    assert sorted(each.state for each in differences()) == [State.GONE, State.REPAIRED]


def test_a_recent_round_looks_at_what_events_spoke_of(whole: Browser, sandbox: Sandbox):
    sandbox.turn_clock("2 days")  # so that it was made too long ago
    change("subscriptions", "quantity = 7")
    assert reconcile(Scope.RECENT).found == 1
    assert [each.state for each in differences()] == [State.REPAIRED]


def test_objects_of_strangers_are_none_of_our_business(paying: Browser, sandbox: Sandbox):
    stranger = client().v1.customers.create({"name": "Somebody"})
    client().v1.payment_intents.create({"amount": 1000, "currency": "usd", "customer": stranger.id})
    client().v1.payment_intents.create({"amount": 1000, "currency": "usd"})
    before = everything()
    assert reconcile().found == 0
    assert everything() == before


def test_more_than_one_page_is_looked_at(paying: Browser, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    sandbox.turn_clock("3 months")
    sandbox.turn_clock("2 hours")  # drafts become final after one
    work(sandbox)
    monkeypatch.setattr(listing, "MOST", 2)
    for number in range(11):  # one more than a page of customers
        client().v1.customers.create({"name": f"Somebody {number}"})
    change("invoices", "total_amount = 1")
    result = reconcile()
    assert (result.found, result.compared) == (4, 1 + 1 + 4 + 4)
    assert {each.state for each in differences()} == {State.REPAIRED}


def test_a_round_goes_on_after_stripe_was_away(paying: Browser, sandbox: Sandbox):
    step = begin()
    falter(sandbox, {"call": "error", "path": "/v1/invoices", "count": 3})
    rounds.record(step)
    commit()
    work()
    assert db.session.get_one(Round, step.round_id).finished_at is None
    db.session.execute(db.text("UPDATE tasks SET retry_at = NULL"))
    commit()
    work()
    result = db.session.get_one(Round, step.round_id, populate_existing=True)
    assert result.finished_at is not None
    assert result.compared == 4


def test_a_step_that_is_taken_twice_harms_nobody(paying: Browser):
    change("subscriptions", "quantity = 7")
    step: Step | None = begin()
    commit()
    while step is not None:
        rounds.take(step, commit)
        commit()
        following = rounds.take(step, commit)
        commit()
        step = following
    work()
    assert [each.state for each in differences()] == [State.REPAIRED]
