"""Leaving takes three screens, keeps what is paid for, and can be taken back until the last minute."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work
from tests.subscriptions.leaving import (
    CANCELLATION,
    REASON,
    cancel,
    ends_at_stripe,
    form,
    keep,
    presses,
    says_why,
    subscription_of,
)

Subscribe = Callable[..., None]
Prices = Callable[..., Price]


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


def test_three_screens_lead_out(subscribed: Browser):
    first = subscribed.get("/subscription/cancel")
    assert "Why are you leaving?" in first.text
    second = subscribed.post("/subscription/cancel", data={"feedback": "unused"})
    assert "Cancel at period end" in second.text
    assert "Keep my plan" in second.text
    assert subscription_of(subscribed).portal_state == "active"
    cancel(subscribed)
    third = subscribed.get(CANCELLATION)
    assert "Your subscription is canceled" in third.text
    assert "Keep my plan" in third.text


def test_a_used_form_sent_again_changes_nothing_and_says_so(subscribed: Browser, sandbox: Sandbox):
    cancel(subscribed)
    keep(subscribed)
    answer = cancel(subscribed)
    assert (answer.status_code, "This form was already used." in answer.text) == (409, True)
    assert subscription_of(subscribed).portal_state == "active"
    assert [s["cancel_at_period_end"] for s in sandbox.objects("subscriptions")] == [False]


def test_a_comment_keeps_its_lines_but_nothing_unprintable(subscribed: Browser):
    form = {"token": "c" * 22, "feedback": "unused", "comment": "so\0 long\r\nand\x1b thanks"}
    assert subscribed.post(CANCELLATION, data=form).status_code == 303
    assert subscription_of(subscribed).portal_state == "canceling"
    assert subscription_of(subscribed).comment == "so long\nand thanks"


def test_cancelling_keeps_the_plan_until_the_period_ends(subscribed: Browser, sandbox: Sandbox):
    cancel(subscribed)
    subscription = subscription_of(subscribed)
    assert subscription.portal_state == "canceling"
    assert subscription.cancel_at == subscription.current_period_end
    sandbox.turn_clock("2 weeks")
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "canceling"
    sandbox.turn_clock("3 weeks")
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert "Subscribe again" in subscribed.get("/subscription").text


def test_the_reason_reaches_stripe(subscribed: Browser, sandbox: Sandbox):
    cancel(subscribed)
    (theirs,) = sandbox.objects("subscriptions")
    assert theirs["cancellation_details"]["feedback"] == "too_expensive"
    assert theirs["cancellation_details"]["comment"] == "for now"


def test_a_reason_must_be_chosen(subscribed: Browser):
    answer = subscribed.post("/subscription/cancel", data={"comment": "so long"})
    assert answer.status_code == 422
    assert "Please choose a reason." in answer.text
    assert "so long" in answer.text


def test_nothing_is_charged_after_the_end(subscribed: Browser, sandbox: Sandbox):
    cancel(subscribed)
    sandbox.turn_clock("3 months")
    work(sandbox)
    assert len(sandbox.objects("charges")) == 1


def test_a_cancellation_can_be_taken_back(subscribed: Browser, sandbox: Sandbox):
    cancel(subscribed)
    keep(subscribed)
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "active"
    assert subscription_of(subscribed).coming is not None


def test_the_same_form_takes_no_second_cancellation_back_and_says_so(subscribed: Browser):
    cancel(subscribed)
    keep(subscribed)
    presses(subscribed, says_why(subscribed), CANCELLATION)
    answer = keep(subscribed)
    assert (answer.status_code, "This form was already used." in answer.text) == (409, True)
    assert subscription_of(subscribed).portal_state == "canceling"


def test_taking_it_back_by_htmx_answers_the_panel(subscribed: Browser):
    cancel(subscribed)
    panel = keep(subscribed, **{"HX-Request": "true"})
    assert panel.text.lstrip().startswith('<section id="subscription-panel"')
    assert "Cancel subscription" in panel.text


def test_pressing_twice_cancels_once_and_both_see_that_it_is_done(
    subscribed: Browser, mailbox: Mailbox, sandbox: Sandbox
):
    mailbox.empty()
    page = says_why(subscribed)
    answers = [presses(subscribed, page, CANCELLATION) for _ in range(2)]
    assert [answer.location for answer in answers] == [CANCELLATION, CANCELLATION]
    work(sandbox)
    assert mailbox.subjects(subscribed.user.email) == [
        f"Your Growth plan ends on {subscription_of(subscribed).cancel_at:%-d %b %Y, %H:%M} UTC"
    ]


def test_two_tabs_cancel_once(subscribed: Browser, bob: Browser, mailbox: Mailbox, sandbox: Sandbox):
    mailbox.empty()
    pages = [says_why(subscribed), says_why(bob)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(presses, (subscribed, bob), pages, (CANCELLATION, CANCELLATION)))
    assert [answer.status_code for answer in answers] == [303, 303]
    work(sandbox)
    assert len(mailbox.to(subscribed.user.email)) == 1


def test_the_form_behind_the_back_button_cancels_nothing_again(subscribed: Browser):
    page = says_why(subscribed)
    presses(subscribed, page, CANCELLATION)
    keep(subscribed)
    presses(subscribed, page, CANCELLATION)
    assert subscription_of(subscribed).portal_state == "active"


def test_there_is_nothing_to_take_back_while_nothing_is_canceled(subscribed: Browser):
    assert keep(subscribed).status_code == 409


def test_a_trial_is_canceled_without_any_charge(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "starter")
    assert "the trial is free" in ada.post("/subscription/cancel", data={"feedback": "unused"}).text
    cancel(ada)
    sandbox.turn_clock("1 month")
    work(sandbox)
    assert subscription_of(ada).portal_state == "ended"
    assert sandbox.objects("charges") == []


def test_a_renewal_in_between_is_said_before_anything_is_canceled(subscribed: Browser, sandbox: Sandbox):
    page = says_why(subscribed)
    sandbox.turn_clock("1 month")
    sandbox.settle()  # our workers have not heard of it yet
    answer = presses(subscribed, page, CANCELLATION)
    assert answer.status_code == 409
    assert "Your subscription has changed since you opened the page. Nothing was canceled" in answer.text
    assert subscription_of(subscribed).cancel_at is None
    assert presses(subscribed, answer, CANCELLATION).status_code == 303
    subscription = subscription_of(subscribed)
    assert subscription.cancel_at == subscription.current_period_end > clock.now()


def test_what_ended_in_between_is_shown_as_ended(subscribed: Browser, sandbox: Sandbox):
    page = says_why(subscribed)
    ends_at_stripe(sandbox, subscribed)
    assert presses(subscribed, page, CANCELLATION).location == CANCELLATION
    assert "Your subscription has ended" in subscribed.get(CANCELLATION).text


def test_in_the_last_second_it_can_no_longer_be_kept(subscribed: Browser, sandbox: Sandbox):
    cancel(subscribed)
    ends_at_stripe(sandbox, subscribed)
    answer = keep(subscribed)
    assert answer.status_code == 409
    assert "There is no cancellation to take back." in answer.text


def test_taking_it_back_is_confirmed_by_mail_once(subscribed: Browser, mailbox: Mailbox, sandbox: Sandbox):
    cancel(subscribed)
    work(sandbox)
    mailbox.empty()
    keep(subscribed)
    work(sandbox)
    assert mailbox.subjects(subscribed.user.email) == ["You keep your Growth plan"]


def test_the_end_is_told_once_by_mail_with_the_way_back(subscribed: Browser, mailbox: Mailbox, sandbox: Sandbox):
    cancel(subscribed)
    work(sandbox)
    mailbox.empty()
    sandbox.turn_clock("2 months")
    work(sandbox)
    (mail,) = mailbox.to(subscribed.user.email)
    assert mail["subject"] == "Your Growth plan has ended"
    assert "/subscription/again" in mail["text"]


def test_a_price_of_any_name_can_be_left(subscribed: Browser, nexus: Prices):
    db.session.execute(update(Price).where(Price.id == nexus("growth").id).values(public_id="price_-a_B-9"))
    db.session.commit()
    assert presses(subscribed, says_why(subscribed), CANCELLATION).status_code == 303
    assert subscription_of(subscribed).portal_state == "canceling"


@pytest.mark.parametrize(
    "seen", ["-1:price_1", "soon:price_1", "1.5:price_1", "9" * 13 + ":price_1", "now:price_1\0", "now"]
)
def test_an_end_nobody_showed_cancels_nothing(subscribed: Browser, seen: str):
    fields = form(says_why(subscribed), CANCELLATION) | {"seen": seen}
    assert subscribed.post(CANCELLATION, data=fields).location.endswith(REASON)
    assert subscription_of(subscribed).portal_state == "active"


def test_a_member_sees_the_plan_but_cannot_cancel_it(person: Callable[..., Browser], subscribed: Browser):
    dora = person("Dora", subscribed.organization, "member")
    page = dora.get("/subscription")
    assert "Growth" in page.text
    assert "Cancel subscription" not in page.text
    assert dora.get("/subscription/cancel").status_code == 403


def test_a_stranger_cannot_cancel_it(subscribed: Browser, cleo: Browser):
    cancel(cleo)
    assert subscription_of(subscribed).portal_state == "active"
