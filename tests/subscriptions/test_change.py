"""A change of plan: what costs more comes now and is charged to the cent as shown, what costs less comes later."""

import secrets
from datetime import timedelta

import pytest

from app.core import clock
from app.core.extensions import db
from app.subscriptions.changes import change
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work

from .changing import (
    Nexus,
    Subscribe,
    button_of,
    change_to,
    form_of,
    look,
    newest_invoice,
    of,
    press,
    take_back,
    turn,
    words,
)


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    """Ten days ago."""
    subscribe(ada, "growth")
    turn(sandbox, "10 days")
    return ada


def test_the_sheet_says_what_is_credited_charged_due_and_to_come(subscribed: Browser, nexus: Nexus):
    page = look(subscribed, nexus("pro"))
    said = words(page)
    assert said.startswith("Change to Pro")
    assert "Growth, $99.00 per month" in said
    assert "Pro, $299.00 per month" in said
    assert "Unused time on Growth" in said
    assert "Paid with Visa •••• 4242" in said
    due = int(form_of(page)["due"])
    assert 0 < due < 29900 - 9900
    assert f"Due today ${due / 100:.2f}" in said
    assert "Next renewal: $299.00 on" in said
    assert button_of(page) == f"Pay ${due / 100:.2f} and change now"
    assert said.count("Why this amount?") == 3


def test_the_sheet_says_in_words_what_is_gained_and_lost(subscribed: Browser, nexus: Nexus):
    page = look(subscribed, nexus("pro"))
    assert "25,000 AI generations, then $0.015 each; until now 5,000, then $0.02 each" in words(page)
    assert "1,000 GB storage instead of 100 GB" in words(page)
    assert "24/7 support instead of Priority support" in words(page)
    assert "You lose" not in words(page)
    less = words(look(subscribed, nexus("starter")))
    assert "You gain" not in less
    assert "200 renders instead of 1,000" in less
    assert "Your data is never deleted" in less


def test_a_higher_price_comes_now_and_costs_what_was_shown(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    sheet = look(subscribed, nexus("pro"))
    answer = press(subscribed, nexus("pro"), form_of(sheet))
    assert answer.status_code == 303
    assert of(subscribed).price_id == nexus("pro").id
    invoice = newest_invoice(sandbox)
    assert (invoice["status"], str(invoice["total"])) == ("paid", form_of(sheet)["due"])
    assert "You have Pro now." in subscribed.get("/subscription").text


def test_what_is_left_of_the_five_minutes_changes_no_amount(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    turn(sandbox, "4 minutes")
    assert press(subscribed, nexus("pro"), form).status_code == 303
    assert str(newest_invoice(sandbox)["total"]) == form["due"]


def test_the_next_renewal_costs_what_was_shown(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    press(subscribed, nexus("pro"), form)
    turn(sandbox, "1 month")
    assert str(newest_invoice(sandbox)["total"]) == form["renewal"] == "29900"


def test_a_lower_price_comes_when_the_period_ends(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    page = look(subscribed, nexus("starter"))
    end = of(subscribed).current_period_end
    assert button_of(page) == f"Schedule change for {end.day} {end:%b %Y}"
    assert "Due today $0.00" in words(page)
    press(subscribed, nexus("starter"), form_of(page))
    subscription = of(subscribed)
    assert (subscription.price_id, subscription.scheduled_price_id) == (nexus("growth").id, nexus("starter").id)
    assert subscription.scheduled_at == end
    assert len(sandbox.objects("invoices")) == 1
    turn(sandbox, "1 month")
    assert of(subscribed).price_id == nexus("starter").id
    assert str(newest_invoice(sandbox)["total"]) == form_of(page)["renewal"] == "2900"


def test_months_become_years_now_and_a_new_period_begins(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    page = look(subscribed, nexus("growth", "year"))
    assert words(page).startswith("Change to Growth")
    form = form_of(page)
    press(subscribed, nexus("growth", "year"), form)
    subscription = of(subscribed)
    assert subscription.current_period_end - clock.now() > timedelta(days=364)
    assert str(newest_invoice(sandbox)["total"]) == form["due"]
    assert form["renewal"] == "99000"


def test_a_year_of_a_cheaper_plan_comes_when_the_month_ends(
    ada: Browser, subscribe: Subscribe, nexus: Nexus, sandbox: Sandbox
):
    subscribe(ada, "pro")
    turn(sandbox, "10 days")
    end, page = of(ada).current_period_end, look(ada, nexus("starter", "year"))
    form = form_of(page)
    assert (form["way"], form["due"], form["renewal"]) == ("later", "0", "29000")
    press(ada, nexus("starter", "year"), form)
    assert len(sandbox.objects("invoices")) == 1
    turn(sandbox, "1 month")
    subscription = of(ada)
    assert (subscription.price_id, subscription.current_period_start) == (nexus("starter", "year").id, end)
    assert subscription.current_period_end == end.replace(year=end.year + 1)
    assert newest_invoice(sandbox)["total"] == 29000


def test_a_year_of_a_larger_plan_comes_now(subscribed: Browser, nexus: Nexus):
    assert form_of(look(subscribed, nexus("pro", "year")))["way"] == "now"


def test_years_become_months_when_the_year_ends(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    change_to(subscribed, nexus("growth", "year"))
    end = of(subscribed).current_period_end
    form = form_of(look(subscribed, nexus("pro")))
    assert (form["way"], form["renewal"]) == ("later", "29900")
    press(subscribed, nexus("pro"), form)
    turn(sandbox, "1 year")
    subscription = of(subscribed)
    assert (subscription.price_id, subscription.current_period_start) == (nexus("pro").id, end)
    assert newest_invoice(sandbox)["total"] == 29900


def test_a_trial_changes_at_once_and_for_nothing(ada: Browser, subscribe: Subscribe, nexus: Nexus, sandbox: Sandbox):
    subscribe(ada, "starter")
    ends = of(ada).trial_end
    page = look(ada, nexus("pro"))
    assert button_of(page) == "Change now"
    assert "Next renewal: $299.00 on" in words(page)
    press(ada, nexus("pro"), form_of(page))
    subscription = of(ada)
    assert (subscription.price_id, subscription.status, subscription.trial_end) == (nexus("pro").id, "trialing", ends)
    assert sandbox.objects("charges") == []
    turn(sandbox, "15 days")
    assert [charge["amount"] for charge in sandbox.objects("charges")] == [29900]


def test_less_in_a_trial_comes_at_once_as_well(ada: Browser, subscribe: Subscribe, nexus: Nexus):
    subscribe(ada, "starter")
    change_to(ada, nexus("pro", "year"))
    change_to(ada, nexus("growth"))
    assert of(ada).price_id == nexus("growth").id


def test_a_cancellation_outlives_an_upgrade(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    subscribed.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused"})
    ends = of(subscribed).cancel_at
    page = look(subscribed, nexus("pro"))
    assert "Your cancellation It stays: Pro ends on" in words(page)
    assert form_of(page)["renewal"] == ""
    press(subscribed, nexus("pro"), form_of(page))
    assert (of(subscribed).price_id, of(subscribed).cancel_at) == (nexus("pro").id, ends)
    assert str(newest_invoice(sandbox)["total"]) == form_of(page)["due"]


@pytest.mark.parametrize(("plan", "interval"), [("starter", "month"), ("growth", "year"), ("starter", "year")])
def test_what_would_outlive_a_cancellation_is_refused(subscribed: Browser, nexus: Nexus, plan: str, interval: str):
    subscribed.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused"})
    page = look(subscribed, nexus(plan, interval))
    assert page.status_code == 409
    assert "Keep my plan" in words(page)


def test_a_planned_pause_is_told_what_becomes_of_it(subscribed: Browser, nexus: Nexus):
    subscribed.post("/subscription/pause", data={"token": "p" * 22, "until": "open"})
    assert "Your planned pause It stays: Pro pauses on" in words(look(subscribed, nexus("pro")))
    assert "Your planned pause It is dropped" in words(look(subscribed, nexus("starter")))


def test_a_scheduled_change_is_replaced_by_another(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    change_to(subscribed, nexus("starter"))
    page = look(subscribed, nexus("starter", "year"))
    assert "The change to Starter on" in words(page)
    assert form_of(page)["renewal"] == "29000"
    page = look(subscribed, nexus("pro"))
    assert form_of(page)["renewal"] == "29900"
    press(subscribed, nexus("pro"), form_of(page))
    subscription = of(subscribed)
    assert (subscription.price_id, subscription.scheduled_price_id) == (nexus("pro").id, None)
    change_to(subscribed, nexus("starter"))
    form = form_of(look(subscribed, nexus("growth")))
    assert form["renewal"] == "9900"
    press(subscribed, nexus("growth"), form)
    turn(sandbox, "1 month")
    assert of(subscribed).price_id == nexus("growth").id
    assert newest_invoice(sandbox)["total"] == 9900


def test_a_scheduled_change_can_be_undone_until_it_comes(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    change_to(subscribed, nexus("starter"))
    page = subscribed.get("/subscription")
    assert "Starter, $29.00 per month" in words(page)
    assert "Undo scheduled change" in words(page)
    assert "Growth changes to Starter on" in page.text
    assert take_back(subscribed, "scheduled").status_code == 303
    assert of(subscribed).portal_state == "active"
    turn(sandbox, "1 month")
    assert of(subscribed).price_id == nexus("growth").id
    assert take_back(subscribed, "scheduled", "u" * 22).status_code == 409


def test_a_day_after_a_scheduled_change_nothing_holds_the_subscription(
    subscribed: Browser, nexus: Nexus, sandbox: Sandbox
):
    change_to(subscribed, nexus("starter"))
    turn(sandbox, "23 days")
    assert of(subscribed).price_id == nexus("starter").id
    assert of(subscribed).schedule is None


def test_a_change_is_confirmed_by_mail_once(subscribed: Browser, nexus: Nexus, mailbox: Mailbox, sandbox: Sandbox):
    work(sandbox)
    mailbox.empty()
    change_to(subscribed, nexus("starter"))
    work(sandbox)
    assert mailbox.subjects(subscribed.user.email) == ["Your plan changes to Starter"]
    assert "$29.00 a month" in mailbox.to(subscribed.user.email)[0]["text"]
    mailbox.empty()
    change_to(subscribed, nexus("pro"))
    work(sandbox)
    assert mailbox.subjects(subscribed.user.email).count("You have Pro now") == 1


def test_the_services_do_it_without_a_browser(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    sheet = change.preview(subscribed.organization, nexus("pro"))
    db.session.rollback()
    done = change.confirm(subscribed.organization, nexus("pro"), 1, sheet.shown, secrets.token_urlsafe(16))
    db.session.commit()
    assert isinstance(done, Subscription)
    assert newest_invoice(sandbox)["amount_due"] == sheet.due.amount
