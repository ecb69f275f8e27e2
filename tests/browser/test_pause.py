"""A plan rests from the end of its paid period, for as long as its owner says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.browser.customer import PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser
from tests.helpers import until

DEVICES = [WIDE, PHONE_AT_NIGHT, WIDE | {"java_script_enabled": False}]


@pytest.mark.parametrize("device", DEVICES, ids=["wide", "phone", "plain"])
def test_a_pause_is_planned_taken_back_begun_and_ended(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    rosa = newcomer("Rosa", "Siesta SA", **device)
    rosa.signs_up()
    rosa.chooses("Growth")
    buys_at_another_browser(rosa, demo)

    rosa.opens("/subscription")
    rosa.follows("Pause")
    rosa.is_on("Pause your subscription")
    rosa.reads("$99.00 is charged to your card and a new period begins on that day.")
    rosa.page.get_by_label("Until I come back").check()
    rosa.page.get_by_role("button", name="Pause on ").click()
    rosa.is_on("Subscription")
    rosa.reads("When you say so")
    rosa.presses("Undo planned pause")
    rosa.reads("Renews by itself")

    rosa.follows("Pause")
    rosa.page.get_by_label("Until I come back").check()
    rosa.page.get_by_role("button", name="Pause on ").click()
    rosa.reads("Planned pause")
    turn_to_the_last_hour(demo, rosa)
    rosa.waits_for("/subscription", rosa.page.get_by_text("Paused: nothing is charged"))
    rosa.has_plan("Growth", "Paused")

    rosa.page.locator("main").get_by_role("link", name="Resume").click()
    rosa.is_on("Resume Growth")
    rosa.presses("Pay $99.00 and resume")
    rosa.is_on("Subscription")
    rosa.has_plan("Growth", "Active")
    assert len(demo.charges_of(rosa.email)) == 2


def turn_to_the_last_hour(demo: Demo, customer: Customer) -> None:
    """Less than an hour before the paid period ends, until Stripe was asked to pause; then past its end."""
    (theirs,) = demo.subscriptions_of(customer.email)
    end = datetime.fromtimestamp(theirs["items"]["data"][0]["current_period_end"], UTC)
    demo.sandbox.turn_clock_to(end - timedelta(minutes=50))
    until(lambda: demo.subscriptions_of(customer.email)[0]["status"] == "paused", "the pause to begin")
    demo.sandbox.turn_clock_to(end)
