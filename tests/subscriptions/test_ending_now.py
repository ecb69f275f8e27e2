"""Where the catalogue allows it a plan ends at once, and gives back to the cent what the page showed, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core import clock
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work
from tests.subscriptions.changing import Nexus, change_to
from tests.subscriptions.leaving import (
    AT_ONCE,
    CANCELLATION,
    buttons,
    fails_at_stripe,
    form,
    let_plans_end_at_once,
    presses,
    says_why,
    subscription_of,
)

Subscribe = Callable[..., None]


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    """Ten days into a month."""
    subscribe(ada, "growth")
    sandbox.turn_clock("10 days")
    work(sandbox)
    return ada


def shown(fields: dict[str, str]) -> tuple[int, int, int]:
    """Refund, credit and what is owed, in cents."""
    refund, credit, owed = map(int, fields["seen"].split(":")[1:])
    return refund, credit, owed


def refunds(sandbox: Sandbox) -> list[int]:
    return [refund["amount"] for refund in sandbox.objects("refunds")]


def credit(sandbox: Sandbox) -> int:
    (customer,) = sandbox.objects("customers")
    return -int(customer["balance"])


def test_by_default_it_is_not_possible(subscribed: Browser):
    page = says_why(subscribed)
    assert buttons(page) == ["Cancel at period end"]
    seen = {"seen": "1:0:0:0", "token": "c" * 22, "feedback": "other"}
    assert subscribed.post(AT_ONCE, data=seen).status_code == 409
    assert subscription_of(subscribed).portal_state == "active"


def test_a_refund_is_what_the_button_said(subscribed: Browser, mailbox: Mailbox, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    page = says_why(subscribed)
    amount, credited, owed = shown(form(page, AT_ONCE))
    assert 6000 < amount < 7000
    assert (credited, owed) == (0, 0)
    assert buttons(page) == ["Cancel at period end", f"End now and get ${amount / 100:.2f} back"]
    mailbox.empty()
    presses(subscribed, page, AT_ONCE)
    assert f"${amount / 100:.2f} go back to your card." in subscribed.get(CANCELLATION).text
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert (refunds(sandbox), credit(sandbox)) == ([amount], 0)
    subjects = [f"We refunded ${amount / 100:.2f}", "Your Growth plan has ended"]
    assert sorted(mailbox.subjects(subscribed.user.email)) == sorted(subjects)
    assert "Unused time refunded" in subscribed.get("/").text


def test_credit_goes_to_the_balance(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("credit")
    page = says_why(subscribed)
    _, amount, _ = shown(form(page, AT_ONCE))
    assert f"End now and get ${amount / 100:.2f} as credit" in buttons(page)
    presses(subscribed, page, AT_ONCE)
    work(sandbox)
    assert (refunds(sandbox), credit(sandbox)) == ([], amount)
    assert amount > 6000


def test_without_a_refund_nothing_comes_back(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once()
    page = says_why(subscribed)
    assert "End now without a refund" in buttons(page)
    presses(subscribed, page, AT_ONCE)
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert (refunds(sandbox), credit(sandbox)) == ([], 0)


def test_waiting_for_the_end_of_the_period_stays_possible(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    presses(subscribed, says_why(subscribed), CANCELLATION)
    sandbox.turn_clock("2 months")
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert refunds(sandbox) == []


def test_a_trial_ends_at_once_for_nothing(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    subscribe(ada, "starter")
    let_plans_end_at_once("refund")
    page = says_why(ada)
    assert "End trial now" in buttons(page)
    presses(ada, page, AT_ONCE)
    work(sandbox)
    assert subscription_of(ada).portal_state == "ended"
    assert sandbox.objects("charges") == []


def test_pressed_twice_it_gives_back_once(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    page = says_why(subscribed)
    answers = [presses(subscribed, page, AT_ONCE) for _ in range(2)]
    assert [answer.location for answer in answers] == [CANCELLATION, CANCELLATION]
    work(sandbox)
    assert len(refunds(sandbox)) == 1


def test_two_tabs_at_once_give_back_once(subscribed: Browser, bob: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    pages = [says_why(subscribed), says_why(bob)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(presses, (subscribed, bob), pages, (AT_ONCE, AT_ONCE)))
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert len(refunds(sandbox)) == 1


def test_an_amount_older_than_five_minutes_renews_itself_and_says_so(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    page = says_why(subscribed)
    sandbox.turn_clock("1 hour")
    answer = presses(subscribed, page, AT_ONCE)
    assert answer.status_code == 409
    assert "Nothing was canceled yet" in answer.text
    assert subscription_of(subscribed).portal_state == "active"
    assert shown(form(answer, AT_ONCE))[0] < shown(form(page, AT_ONCE))[0]
    presses(subscribed, answer, AT_ONCE)
    work(sandbox)
    assert refunds(sandbox) == [shown(form(answer, AT_ONCE))[0]]


def test_an_amount_that_is_too_old_leaves_a_scheduled_change_alone(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    change_to(subscribed, nexus("starter"))
    work(sandbox)
    let_plans_end_at_once("refund")
    page = says_why(subscribed)
    sandbox.turn_clock("6 minutes")
    assert presses(subscribed, page, AT_ONCE).status_code == 409
    work(sandbox)
    assert subscription_of(subscribed).scheduled_price_id == nexus("starter").id


def test_what_is_past_due_gives_nothing_back(subscribed: Browser, use_card: Callable[..., None], sandbox: Sandbox):
    use_card(subscribed, "4000000000000341")
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("3 hours")
    work(sandbox)
    let_plans_end_at_once("credit")
    fields = {"seen": f"{int(clock.now().timestamp())}:0:0:0", "token": "c" * 22, "feedback": "other"}
    answer = subscribed.post(AT_ONCE, data=fields)
    assert (answer.status_code, buttons(answer)) == (409, ["Cancel now"])
    assert subscription_of(subscribed).portal_state == "past_due"


def test_no_more_comes_back_than_was_shown(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    fields = form(says_why(subscribed), AT_ONCE)
    at, amount, *rest = fields["seen"].split(":")
    asked = fields | {"seen": ":".join([at, str(int(amount) + 1), *rest])}
    assert subscribed.post(AT_ONCE, data=asked).status_code == 409
    work(sandbox)
    assert refunds(sandbox) == []


@pytest.mark.parametrize("seen", ["", "now", "0:0:0:0", "9" * 11 + ":0:0:0", "1:-1:0:0", "1:1.5:0:0", "1:0:0:0\0"])
def test_what_nobody_showed_ends_nothing(subscribed: Browser, seen: str):
    let_plans_end_at_once("refund")
    fields = form(says_why(subscribed), AT_ONCE) | {"seen": seen}
    assert subscribed.post(AT_ONCE, data=fields).status_code in {302, 409}
    assert subscription_of(subscribed).portal_state == "active"


def test_what_the_balance_paid_goes_back_to_the_balance(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    """The first month ended at once for credit; the second was paid with it, and the rest with the card."""
    let_plans_end_at_once("credit")
    subscribe(ada, "growth")
    let_plans_end_at_once("credit")
    presses(ada, says_why(ada), AT_ONCE)
    work(sandbox)
    had = credit(sandbox)
    subscribe_again(ada)
    work(sandbox)
    let_plans_end_at_once("refund")
    page = says_why(ada)
    back, credited, _ = shown(form(page, AT_ONCE))
    assert back <= 9900 - had
    presses(ada, page, AT_ONCE)
    work(sandbox)
    assert (sum(refunds(sandbox)), credit(sandbox)) == (back, credited)


def subscribe_again(browser: Browser) -> None:
    presses(browser, browser.get("/subscription/again"), "/subscription/again")


def test_while_nobody_can_say_what_comes_back_the_period_may_still_be_waited_for(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    fails_at_stripe(sandbox, path="/v1/invoices/create_preview")
    page = says_why(subscribed)
    fails_at_stripe(sandbox)
    assert buttons(page) == ["Cancel at period end"]


def test_a_member_may_not_end_it(person: Callable[..., Browser], subscribed: Browser):
    let_plans_end_at_once("refund")
    fields = form(says_why(subscribed), AT_ONCE)
    dora = person("Dora", subscribed.organization, "member")
    assert dora.post(AT_ONCE, data=fields).status_code == 403


def test_a_stranger_ends_nothing(subscribed: Browser, cleo: Browser):
    let_plans_end_at_once("refund")
    fields = form(says_why(subscribed), AT_ONCE)
    assert cleo.post(AT_ONCE, data=fields).status_code == 404
    assert subscription_of(subscribed).portal_state == "active"
