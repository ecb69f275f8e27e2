"""A card that is about to expire: one mail per card and expiry, and none where there is nothing to do."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import requests

from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task
from app.payment_methods.models import PaymentMethod
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work
from tests.payment_methods.conftest import MASTERCARD, at_stripe, cards_of, the_card

Subscribe = Callable[..., None]


def expires(sandbox: Sandbox, card: PaymentMethod, months: int) -> str:
    """So many months from now, says Stripe; answers the date on the card."""
    now = clock.now()
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    when = {"card[exp_month]": str(month + 1), "card[exp_year]": str(year)}
    at_stripe(sandbox, "POST", f"payment_methods/{card.stripe_id}", **when)
    return f"{month + 1:02}/{year}"


def months_go_by(sandbox: Sandbox, months: int) -> None:
    for _ in range(months):
        sandbox.turn_clock("1 month")
        work(sandbox)


def warnings(mailbox: Mailbox, browser: Browser) -> list[str]:
    return [subject for subject in mailbox.subjects(browser.user.email) if "expires" in subject]


@pytest.mark.parametrize(("month", "year", "instant"), [(12, 2040, (2041, 1, 1)), (2, 2040, (2040, 3, 1))])
def test_a_card_is_good_to_the_end_of_its_month(month: int, year: int, instant: tuple[int, int, int]):
    assert PaymentMethod(exp_month=month, exp_year=year).expires_at == datetime(*instant, tzinfo=UTC)


def test_the_mail_comes_once_thirty_days_before_the_end(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox, mailbox: Mailbox
):
    subscribe(ada)
    expiry = expires(sandbox, the_card(ada, "4242"), 3)
    task = db.session.scalars(db.select(Task).where(Task.key.endswith(expiry))).one()
    assert (cards_of(ada)[0].expires_at - task.run_at).days == 30
    months_go_by(sandbox, 1)
    assert warnings(mailbox, ada) == []
    months_go_by(sandbox, 2)
    assert warnings(mailbox, ada) == [f"Your Visa •••• 4242 expires at the end of {expiry}"]
    text = mailbox.to(ada.user.email)[0]["text"]
    assert "/payment-methods/new" in text
    assert "Growth" in text


def test_a_card_renewed_by_its_bank_in_time_is_worth_no_mail(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox, mailbox: Mailbox
):
    subscribe(ada)
    expires(sandbox, the_card(ada, "4242"), 3)
    card = the_card(ada, "4242").stripe_id
    requests.post(f"{sandbox.url}/_sandbox/payment_methods/{card}/renew", json={}, timeout=10).raise_for_status()
    work(sandbox)
    months_go_by(sandbox, 4)
    assert warnings(mailbox, ada) == []


def test_nor_is_one_that_pays_for_nothing(
    ada: Browser, subscribe: Subscribe, save_card: Callable[..., None], sandbox: Sandbox, mailbox: Mailbox
):
    subscribe(ada)
    save_card(ada, MASTERCARD)
    expires(sandbox, the_card(ada, "4242"), 2)
    months_go_by(sandbox, 3)
    assert warnings(mailbox, ada) == []


def test_nor_is_that_of_a_plan_which_ends(ada: Browser, subscribe: Subscribe, sandbox: Sandbox, mailbox: Mailbox):
    subscribe(ada)
    expires(sandbox, the_card(ada, "4242"), 1)
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused"})
    months_go_by(sandbox, 2)
    assert warnings(mailbox, ada) == []
