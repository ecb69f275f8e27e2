"""A pause begins with the end of the paid period, can be taken back until then, and ends when the customer said or says."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.core import clock
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox, work

Subscribe = Callable[..., None]
PAUSE, RESUME = "/subscription/pause", "/subscription/resume"


def of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def pause(browser: Browser, until: str = "open", token: str = "p" * 22, **fields: str) -> object:
    return browser.post(PAUSE, data={"token": token, "until": until, **fields})


def take_back(browser: Browser, token: str = "t" * 22) -> object:
    return browser.post(PAUSE, data={"token": token, "_method": "DELETE"})


def resume(browser: Browser, token: str = "r" * 22, amount: str = "") -> object:
    shown = amount or re.findall(r'name="amount" type="hidden" value="(\d+)"', browser.get(RESUME).text)[0]
    return browser.post(RESUME, data={"token": token, "amount": shown})


def turn(sandbox: Sandbox, by: str) -> None:
    sandbox.turn_clock(by)
    work(sandbox)


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


@pytest.fixture
def paused(subscribed: Browser, sandbox: Sandbox) -> Browser:
    """Without an end, and begun a few days ago."""
    pause(subscribed)
    until_the_last_hour(subscribed, sandbox)
    turn(sandbox, "5 days")
    return subscribed


def until_the_last_hour(browser: Browser, sandbox: Sandbox) -> None:
    clock.refresh()
    left = of(browser).current_period_end - timedelta(minutes=50) - clock.now()
    turn(sandbox, f"{int(left.total_seconds())} seconds")


def test_the_page_says_from_when_what_it_means_and_what_coming_back_costs(subscribed: Browser):
    page = subscribed.get(PAUSE).text
    assert "Pause your subscription" in page
    assert "$99.00 is charged to your card" in page
    assert "Keep my plan" in page


def test_until_it_begins_a_pause_is_only_a_wish(subscribed: Browser, sandbox: Sandbox):
    assert pause(subscribed).status_code == 303
    work(sandbox)
    assert [s["status"] for s in sandbox.objects("subscriptions")] == ["active"]
    assert of(subscribed).portal_state == "active"
    page = subscribed.get("/subscription").text
    assert "Planned pause" in page
    assert "Undo planned pause" in page


def test_a_planned_pause_is_confirmed_by_mail_once(subscribed: Browser, sandbox: Sandbox, mailbox: Mailbox):
    pause(subscribed)
    assert pause(subscribed).status_code == 409
    work(sandbox)
    (mail,) = [m for m in mailbox.to(subscribed.user.email) if "pauses on" in m["subject"]]
    assert "when you say so" in mail["text"]


def test_it_can_be_taken_back(subscribed: Browser, sandbox: Sandbox):
    pause(subscribed)
    assert take_back(subscribed).status_code == 303
    assert of(subscribed).pauses_at is None
    turn(sandbox, "40 days")
    assert of(subscribed).portal_state == "active"
    assert len(sandbox.objects("charges")) == 2


def test_a_used_form_plans_no_second_pause(subscribed: Browser):
    pause(subscribed)
    take_back(subscribed)
    assert pause(subscribed).status_code == 409
    assert of(subscribed).pauses_at is None


def test_there_is_nothing_to_take_back_twice(subscribed: Browser):
    pause(subscribed)
    take_back(subscribed)
    assert take_back(subscribed).status_code == 409


def test_what_is_paid_for_stays_although_stripe_pauses_an_hour_earlier(subscribed: Browser, sandbox: Sandbox):
    pause(subscribed)
    until_the_last_hour(subscribed, sandbox)
    assert [s["status"] for s in sandbox.objects("subscriptions")] == ["paused"]
    assert of(subscribed).portal_state == "active"
    turn(sandbox, "1 hour")
    assert of(subscribed).portal_state == "paused"


def test_nothing_is_charged_during_a_pause(paused: Browser, sandbox: Sandbox):
    turn(sandbox, "3 months")
    assert of(paused).portal_state == "paused"
    assert len(sandbox.objects("charges")) == 1
    assert "Growth is paused. Nothing is charged." in paused.get("/").text


def test_it_can_be_taken_back_in_the_last_hour_too(subscribed: Browser, sandbox: Sandbox):
    pause(subscribed)
    until_the_last_hour(subscribed, sandbox)
    take_back(subscribed)
    assert [s["status"] for s in sandbox.objects("subscriptions")] == ["active"]
    turn(sandbox, "2 hours")
    assert of(subscribed).portal_state == "active"
    assert len(sandbox.objects("charges")) == 2


def test_planned_anew_in_the_last_hour_it_begins_all_the_same(subscribed: Browser, sandbox: Sandbox):
    pause(subscribed)
    until_the_last_hour(subscribed, sandbox)
    take_back(subscribed)
    pause(subscribed, token="q" * 22)
    work(sandbox)
    turn(sandbox, "2 hours")
    assert of(subscribed).portal_state == "paused"
    assert len(sandbox.objects("charges")) == 1


def test_heard_of_after_the_renewal_the_renewal_is_given_back(subscribed: Browser, sandbox: Sandbox):
    pause(subscribed)
    turn(sandbox, "35 days")
    assert of(subscribed).portal_state == "paused"
    (customer,) = sandbox.objects("customers")
    assert customer["balance"] == -9900
    resume(subscribed)
    assert len(sandbox.objects("charges")) == 2


def test_it_resumes_on_the_chosen_day_after_a_reminder(subscribed: Browser, sandbox: Sandbox, mailbox: Mailbox):
    pause(subscribed, "1")
    until_the_last_hour(subscribed, sandbox)
    turn(sandbox, "29 days")
    assert of(subscribed).portal_state == "paused"
    assert any("comes back on" in subject for subject in mailbox.subjects(subscribed.user.email))
    turn(sandbox, "5 days")
    assert of(subscribed).portal_state == "active"
    assert (of(subscribed).pauses_at, of(subscribed).resumes_at) == (None, None)
    assert len(sandbox.objects("charges")) == 2


def test_resuming_charges_what_the_page_showed(paused: Browser, sandbox: Sandbox):
    assert "Pay $99.00 and resume" in paused.get(RESUME).text
    assert resume(paused).status_code == 303
    assert of(paused).portal_state == "active"
    assert [charge["amount"] for charge in sandbox.objects("charges")] == [9900, 9900]


def test_pressing_resume_twice_charges_once(paused: Browser, sandbox: Sandbox):
    resume(paused)
    assert resume(paused, amount="9900").status_code == 409
    assert len(sandbox.objects("charges")) == 2


def test_another_amount_than_shown_is_not_charged(paused: Browser, sandbox: Sandbox):
    answer = resume(paused, amount="100")
    assert answer.status_code == 409
    assert "The amount has changed" in answer.text
    assert "Pay $99.00 and resume" in answer.text
    assert of(paused).portal_state == "paused"
    assert len(sandbox.objects("charges")) == 1


def test_a_card_that_is_declined_leaves_it_paused_and_says_so(
    paused: Browser, sandbox: Sandbox, card: CardForm, use_card: Callable[[Browser, str], None]
):
    use_card(paused, "4000000000000341")
    answer = resume(paused)
    assert answer.status_code == 303
    assert "/invoices/" in answer.location
    work(sandbox)
    assert of(paused).portal_state == "paused"
    assert "Waiting to resume" in paused.get("/invoices").text


def test_a_return_that_cannot_be_paid_is_told_by_mail(
    subscribed: Browser, sandbox: Sandbox, mailbox: Mailbox, use_card: Callable[[Browser, str], None]
):
    pause(subscribed, "1")
    until_the_last_hour(subscribed, sandbox)
    use_card(subscribed, "4000000000000341")
    turn(sandbox, "40 days")
    assert of(subscribed).portal_state == "paused"
    assert "Your Growth plan could not come back" in mailbox.subjects(subscribed.user.email)


def test_a_cancellation_drops_the_planned_pause(subscribed: Browser, sandbox: Sandbox):
    pause(subscribed)
    form = {"token": "c" * 22, "feedback": "unused", "comment": ""}
    subscribed.post("/subscription/cancellation", data=form)
    assert of(subscribed).pauses_at is None
    turn(sandbox, "40 days")
    assert of(subscribed).portal_state == "ended"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("", "Please enter the day"),
        ("   ", "Please enter the day"),
        ("2020-01-01", "Choose a day from"),
        ("9999-12-31", "Choose a day from"),
        ("soon", "valid date"),
    ],
)
def test_a_day_that_makes_no_sense_is_explained(subscribed: Browser, day: str, said: str):
    answer = pause(subscribed, "day", day=day)
    assert answer.status_code == 422
    assert said in answer.text
    assert of(subscribed).pauses_at is None


@pytest.mark.parametrize("until", ["", "4", "-1", "1.5", "\0"])
def test_no_other_length_is_taken(subscribed: Browser, until: str):
    assert pause(subscribed, until).status_code == 422


def test_a_trial_cannot_be_paused_and_says_why(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "starter")
    answer = ada.get(PAUSE)
    assert answer.status_code == 409
    assert "A trial cannot be paused" in answer.text


def test_what_is_not_paused_cannot_be_resumed(subscribed: Browser):
    assert subscribed.get(RESUME).status_code == 409


def test_a_member_looks_but_does_not_pause(person: Callable[..., Browser], subscribed: Browser):
    dora = person("Dora", subscribed.organization, "member")
    assert dora.get(PAUSE).status_code == 403
    assert pause(dora).status_code == 403
    assert resume(dora, amount="9900").status_code == 403


def test_a_stranger_pauses_nothing_of_theirs(subscribed: Browser, cleo: Browser):
    assert pause(cleo).status_code == 404
    assert of(subscribed).pauses_at is None
