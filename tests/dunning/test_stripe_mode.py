"""With DUNNING_MODE=stripe we only follow and tell what Stripe does."""

from collections.abc import Callable

import pytest
import requests

from app.dunning.models import DunningCase
from tests.admin.pressing import press
from tests.cast import Browser
from tests.dunning.conftest import charges, invoice_of, ledger, let_pass, restrictions, state
from tests.helpers import Mailbox, Sandbox, work

Renewal = Callable[..., DunningCase]
ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def stripes(settings: Callable[..., None]) -> None:
    settings(dunning_mode="stripe")


def test_stripes_attempts_are_the_ledger(ada: Browser, renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox):
    case = renewal()
    assert (case.mode, ledger(case)) == ("stripe", [("renewal", "failed")])
    assert case.next_attempt_at == invoice_of(case).next_payment_attempt_at is not None
    requests.post(f"{sandbox.url}/_sandbox/billing", json={"retries": [3, 5]}, timeout=10).raise_for_status()
    for time in ("3 days", "5 days", "10 days"):
        let_pass(sandbox, time)
    assert ledger(case) == [("renewal", "failed"), ("stripe", "failed"), ("stripe", "failed")]
    assert charges(ada, sandbox) == [False] * 3
    assert state(case) == "exhausted"
    about = [one for one in mailbox.subjects(ADA) if "$99.00 for Growth" in one]
    assert about == [
        "Last notice: $99.00 for Growth is still unpaid",
        "Your payment of $99.00 for Growth was declined",
        "Your payment of $99.00 for Growth was declined",
    ]


def test_stripes_own_recovery_is_told_once(
    ada: Browser, renewal: Renewal, use_card: Callable[..., None], sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal()
    use_card(ada, "4242424242424242")
    let_pass(sandbox, "3 days")
    assert state(case) == "recovered"
    assert mailbox.subjects(ADA).count("Paid: Growth goes on") == 1


def test_the_end_of_grace_is_part_of_the_history(renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    let_pass(sandbox, "6 days")
    assert restrictions(case) == 0
    let_pass(sandbox, "1 day")
    assert (restrictions(case), state(case)) == (1, "open")


def test_stripe_charges_nothing_more_once_staff_stop_the_case(
    ada: Browser, sam: Browser, renewal: Renewal, sandbox: Sandbox
):
    case = renewal()
    press(sam, "/admin/dunning/stop", case.public_id, reason="Pays by transfer")
    work(sandbox)
    for time in ("3 days", "5 days", "10 days"):
        let_pass(sandbox, time)
    assert (charges(ada, sandbox), state(case)) == ([False], "stopped")
