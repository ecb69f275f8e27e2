"""Leaving takes three screens, keeps what is paid for, and can be taken back until the last minute."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work

Subscribe = Callable[..., None]
CANCELLATION = "/subscription/cancellation"


def cancel(browser: Browser, token: str = "c" * 22) -> None:
    browser.post(CANCELLATION, data={"token": token, "feedback": "too_expensive", "comment": "for now"})


def keep(browser: Browser, token: str = "k" * 22, **headers: str) -> object:
    return browser.post(CANCELLATION, data={"token": token, "_method": "DELETE"}, headers=headers)


def subscription_of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


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


def test_a_used_form_sent_again_changes_nothing_and_says_what_is(subscribed: Browser, sandbox: Sandbox):
    cancel(subscribed)
    keep(subscribed)
    cancel(subscribed)
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
    assert subscription_of(subscribed).next_amount is not None


def test_taking_it_back_by_htmx_answers_the_panel(subscribed: Browser):
    cancel(subscribed)
    panel = keep(subscribed, **{"HX-Request": "true"})
    assert panel.text.lstrip().startswith('<section id="subscription-panel"')
    assert "Cancel subscription" in panel.text


def test_pressing_twice_cancels_once_and_says_so(subscribed: Browser, mailbox: Mailbox, sandbox: Sandbox):
    mailbox.empty()
    cancel(subscribed)
    again = subscribed.post(CANCELLATION, data={"token": "c" * 22, "feedback": "too_expensive"})
    assert again.status_code == 409
    work(sandbox)
    assert len(mailbox.to(subscribed.user.email)) == 1


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


def test_a_member_sees_the_plan_but_cannot_cancel_it(person: Callable[..., Browser], subscribed: Browser):
    dora = person("Dora", subscribed.organization, "member")
    page = dora.get("/subscription")
    assert "Growth" in page.text
    assert "Cancel subscription" not in page.text
    assert dora.get("/subscription/cancel").status_code == 403


def test_a_stranger_cannot_cancel_it(subscribed: Browser, cleo: Browser):
    cancel(cleo)
    assert subscription_of(subscribed).portal_state == "active"
