"""A declined renewal in days: tried again at the stated hours, told by mail, and given up at the stated time."""

from collections.abc import Callable
from datetime import timedelta

from app.core.extensions import db
from app.dunning.models import DunningCase
from tests.cast import Browser
from tests.dunning.conftest import charges, invoice_of, ledger, let_pass, portal_state, restrictions, state
from tests.helpers import Mailbox, Sandbox

Renewal = Callable[..., DunningCase]
ADA = "ada@example.com"


def test_a_failed_renewal_is_told_at_once_and_planned(renewal: Renewal, mailbox: Mailbox):
    case = renewal()
    assert (case.mode, case.state, case.reason, case.code) == ("app", "open", "declined", "generic_decline")
    assert case.next_attempt_at == case.opened_at + timedelta(hours=72)
    assert ledger(case) == [("renewal", "failed"), ("schedule", "planned"), ("schedule", "planned")]
    assert mailbox.subjects(ADA)[0] == "Your payment of $99.00 for Growth was declined"


def test_stripe_does_not_charge_it_again(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    invoice = invoice_of(renewal())
    (found,) = [one for one in sandbox.objects("invoices") if one["id"] == invoice.stripe_id]
    assert (found["auto_advance"], found["next_payment_attempt"]) == (False, None)


def test_it_is_charged_at_the_stated_hours_and_no_others(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    renewal()
    seen = []
    for time in ("71 hours", "2 hours", "70 hours", "2 hours", "24 hours", "10 days"):
        let_pass(sandbox, time)
        seen.append(len(charges(ada, sandbox)))
    assert seen == [1, 2, 2, 3, 3, 3]


def test_the_last_attempt_is_told_in_words_of_its_own(renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox):
    case = renewal()
    let_pass(sandbox, "72 hours")
    let_pass(sandbox, "72 hours")
    assert state(case) == "exhausted"
    assert ledger(case) == [("renewal", "failed"), ("schedule", "failed"), ("schedule", "failed")]
    declined = "Your payment of $99.00 for Growth was declined"
    last = "Last notice: $99.00 for Growth is still unpaid"
    assert [one for one in mailbox.subjects(ADA) if "$99.00 for Growth" in one] == [last, declined, declined]


def test_access_is_restricted_when_grace_is_over_and_comes_back_with_the_money(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, use_card: Callable[..., None], mailbox: Mailbox
):
    case = renewal()
    for _ in range(2):
        let_pass(sandbox, "72 hours")
    let_pass(sandbox, "23 hours")
    assert portal_state(ada) == "past_due"
    let_pass(sandbox, "1 hour")
    assert (portal_state(ada), restrictions(case)) == ("restricted", 1)
    assert "Access is restricted until it is paid." in ada.get("/").text
    assert "Access restricted until the payment arrives" in ada.get("/").text
    use_card(ada, "4242424242424242")
    assert (state(case), portal_state(ada)) == ("recovered", "active")
    assert mailbox.subjects(ADA).count("Paid: Growth goes on") == 1


def test_with_the_final_action_cancel_the_plan_ends_after_grace(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, settings: Callable[..., None]
):
    settings(dunning_final_action="cancel")
    case = renewal()
    for time in ("72 hours", "72 hours", "23 hours"):
        let_pass(sandbox, time)
    assert (state(case), portal_state(ada)) == ("exhausted", "past_due")
    let_pass(sandbox, "1 hour")
    assert (state(case), portal_state(ada)) == ("ended", "ended")
    assert invoice_of(case).status == "uncollectible"


def test_other_hours_are_kept_to(ada: Browser, renewal: Renewal, sandbox: Sandbox, settings: Callable[..., None]):
    settings(dunning_retry_hours=(24,))
    case = renewal()
    let_pass(sandbox, "24 hours")
    assert ledger(case) == [("renewal", "failed"), ("schedule", "failed")]
    assert state(case) == "exhausted"


def test_grace_may_end_with_the_last_attempt(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, settings: Callable[..., None]
):
    settings(grace_period_days=6)
    case = renewal()
    let_pass(sandbox, "72 hours")
    let_pass(sandbox, "75 hours")
    assert ledger(case) == [("renewal", "failed"), ("schedule", "failed"), ("schedule", "failed")]
    assert charges(ada, sandbox) == [False] * 3


def test_a_second_unpaid_renewal_has_all_its_attempts(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    renewal()
    for _ in range(2):
        let_pass(sandbox, "72 hours")
    let_pass(sandbox, "1 month")
    second = db.session.scalars(db.select(DunningCase).order_by(DunningCase.id.desc())).first()
    for _ in range(2):
        let_pass(sandbox, "72 hours")
    assert [outcome for _, outcome in ledger(second)] == ["failed"] * 3
