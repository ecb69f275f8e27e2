"""Changing one's mind about the plan: seen to the cent first, done exactly so, and taken back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.customer import GOOD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser

ASKS_ALWAYS = "4000002760003184"
PAY_AND_CHANGE = re.compile(r"^Pay \$\d+\.\d\d and change now$")
SCHEDULE = re.compile(r"^Schedule change for \d+ \w+ \d{4}$")


def buys_growth(customer: Customer, number: str = GOOD) -> None:
    customer.signs_up()
    customer.chooses("Growth")
    customer.fills_the_card_form(number)
    customer.presses("Pay $99.00")


def opens_change_to(customer: Customer, plan: str) -> None:
    customer.opens("/plans")
    customer.follows(f"Choose {plan}")
    customer.is_on(f"Change to {plan}")


def goes_up_and_down(customer: Customer) -> None:
    """Up at once and for what the button says; down at the end of the period, and not after all."""
    opens_change_to(customer, "Pro")
    customer.reads("24/7 support instead of Priority support")
    pay = customer.page.get_by_role("button", name=PAY_AND_CHANGE)
    amount = pay.inner_text().split()[1]
    pay.click()
    customer.is_on("Subscription")
    customer.has_plan("Pro", "Active")
    customer.waits_for("/invoices", customer.page.get_by_role("row").filter(has_text=amount))

    opens_change_to(customer, "Starter")
    customer.reads("200 renders instead of 5,000")
    customer.reads("Your data is never deleted by a change of plan.")
    customer.page.get_by_role("button", name=SCHEDULE).click()
    customer.is_on("Subscription")
    customer.reads("Scheduled change")
    customer.presses("Undo scheduled change")
    customer.reads(re.compile("Renews by itself on"))
    customer.has_plan("Pro", "Active")


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone at night"])
def test_up_at_once_down_later_and_back(newcomer: Callable[..., Customer], device: dict[str, Any]) -> None:
    una = newcomer("Una", "Second Thoughts", **device)
    buys_growth(una)
    una.is_on("Payment received")
    goes_up_and_down(una)
    assert una.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_all_of_it_without_javascript(newcomer: Callable[..., Customer], demo: Demo) -> None:
    tom = newcomer("Tom", "Plain Paper", **WIDE, java_script_enabled=False)
    tom.signs_up()
    tom.chooses("Growth")
    buys_at_another_browser(tom, demo)
    tom.has_plan("Growth", "Active")
    goes_up_and_down(tom)


def test_what_the_bank_must_confirm_waits_and_can_be_discarded(newcomer: Callable[..., Customer]) -> None:
    eve = newcomer("Eve", "Careful Bank")
    buys_growth(eve, ASKS_ALWAYS)
    eve.answers_the_bank("Complete authentication")
    eve.is_on("Payment received")
    opens_change_to(eve, "Pro")
    eve.page.get_by_role("button", name=PAY_AND_CHANGE).click()
    eve.page.wait_for_url(re.compile("/invoices/"))
    eve.has_plan("Growth", "Active")
    expect(eve.page.locator("#banner")).to_contain_text("Your change to Pro waits for its payment.")
    eve.follows("Pay or discard it")
    eve.is_on("Subscription")
    eve.presses("Discard")
    expect(eve.page.locator("#flashes")).to_contain_text("The change is discarded")
    eve.has_plan("Growth", "Active")
    expect(eve.page.locator("#banner")).to_have_count(0)
