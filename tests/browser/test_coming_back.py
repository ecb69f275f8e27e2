"""After the end one button brings plan and card back, after showing the price."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.customer import GOOD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser

Newcomer = Callable[..., Customer]


def leaves(customer: Customer, demo: Demo) -> None:
    """For good: the paid period is over as well."""
    customer.opens("/subscription/cancel")
    customer.page.get_by_label("Something else").check()
    customer.presses("Continue")
    customer.presses("Cancel at period end")
    customer.is_on("Your subscription is canceled")
    demo.sandbox.turn_clock("1 month")
    demo.sandbox.turn_clock("2 hours")
    customer.waits_for("/subscription", customer.page.get_by_role("link", name="Subscribe again"))


def comes_back(customer: Customer, demo: Demo) -> None:
    customer.follows("Subscribe again")
    customer.is_on("Subscribe to Growth again")
    customer.reads("Visa •••• 4242")
    customer.presses("Pay $99.00")
    customer.is_on("Subscription")
    expect(customer.page.get_by_role("status")).to_contain_text("Welcome back. Growth is active")
    customer.has_plan("Growth", "Active")
    assert [charge["amount"] for charge in demo.charges_of(customer.email)] == [9900, 9900]


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone at night"])
def test_with_one_press_after_the_end(newcomer: Newcomer, demo: Demo, device: dict[str, Any]) -> None:
    rea = newcomer("Rea", "Returning Ltd", **device)
    rea.signs_up()
    rea.chooses("Growth")
    rea.fills_the_card_form(GOOD)
    rea.presses("Pay $99.00")
    rea.is_on("Payment received")
    leaves(rea, demo)
    comes_back(rea, demo)


def test_without_javascript_too(newcomer: Newcomer, demo: Demo) -> None:
    rob = newcomer("Rob", "Plain Return plc", **WIDE, java_script_enabled=False)
    rob.signs_up()
    rob.chooses("Growth")
    buys_at_another_browser(rob, demo)
    leaves(rob, demo)
    comes_back(rob, demo)
