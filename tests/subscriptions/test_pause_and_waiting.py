"""A change that waits for its payment while a pause is planned: the pause begins, and nobody pays for it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.core import clock
from app.gateway import invoice_payments
from tests.cast import Browser
from tests.helpers import Sandbox, work

from .changing import FAILS_LATER, Nexus, Subscribe, change_to, look, of, turn, words

UseCard = Callable[[Browser, str], None]


@pytest.fixture
def both(ada: Browser, subscribe: Subscribe, nexus: Nexus, use_card: UseCard, sandbox: Sandbox) -> datetime:
    """Five hours before Growth is to pause, a change to Pro was declined; answers when it is to pause."""
    subscribe(ada, "growth")
    ada.post("/subscription/pause", data={"until": "open", "token": "p" * 22})
    pauses_at = of(ada).current_period_end
    sandbox.turn_clock_to(pauses_at - timedelta(hours=5))
    work(sandbox)
    clock.refresh()
    use_card(ada, FAILS_LATER)
    change_to(ada, nexus("pro"))
    assert (of(ada).is_waiting, of(ada).is_pausing) == (True, True)
    return pauses_at


def paid(sandbox: Sandbox) -> list[int]:
    return [charge["amount"] for charge in sandbox.objects("charges") if charge["paid"]]


def test_the_change_is_given_up_and_the_old_plan_pauses(ada: Browser, both: datetime, nexus: Nexus, sandbox: Sandbox):
    sandbox.turn_clock_to(both - timedelta(minutes=50))
    work(sandbox)
    turn(sandbox, "3 hours")
    subscription = of(ada)
    assert (subscription.portal_state, subscription.price_id) == ("paused", nexus("growth").id)
    assert not subscription.is_waiting
    assert [invoice["status"] for invoice in sandbox.objects("invoices")] == ["void", "paid"]
    assert paid(sandbox) == [9900]


def test_paid_at_the_last_moment_the_new_plan_pauses(
    ada: Browser, both: datetime, nexus: Nexus, use_card: UseCard, sandbox: Sandbox
):
    use_card(ada, "4242424242424242")
    invoice_payments.pay("pay", str(of(ada).latest_invoice), str(of(ada).default_payment_method))
    sandbox.turn_clock_to(both - timedelta(minutes=50))
    work(sandbox)
    turn(sandbox, "3 hours")
    assert (of(ada).portal_state, of(ada).price_id, len(paid(sandbox))) == ("paused", nexus("pro").id, 2)


@pytest.mark.usefixtures("both")
def test_the_page_says_which_of_them_gives_way(ada: Browser):
    assert "Your pause is still planned for" in words(ada.get("/subscription"))


def test_so_does_the_sheet_before_it_is_pressed(ada: Browser, subscribe: Subscribe, nexus: Nexus):
    subscribe(ada, "growth")
    ada.post("/subscription/pause", data={"until": "open", "token": "p" * 22})
    assert "Unpaid by then, this change is given up, and Growth pauses." in words(look(ada, nexus("pro")))
