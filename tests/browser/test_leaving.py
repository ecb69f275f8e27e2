"""Leaving: three screens at most, what happens said before, and a way back until the last minute."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.customer import GOOD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser

Newcomer = Callable[..., Customer]


def visited(page: Page) -> list[str]:
    """The pages that come up from now on."""
    addresses: list[str] = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    return addresses


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone at night"])
def test_past_an_offer_to_the_end_and_back(newcomer: Newcomer, device: dict[str, Any]) -> None:
    lea = newcomer("Lea", "Leaving Ltd", **device)
    lea.signs_up()
    lea.chooses("Growth")
    lea.fills_the_card_form(GOOD)
    lea.presses("Pay $99.00")
    lea.is_on("Payment received")
    lea.opens("/subscription")

    screens = visited(lea.page)
    lea.follows("Cancel subscription")
    lea.is_on("Cancel your subscription")
    lea.page.get_by_label("It is too expensive").check()
    lea.presses("Continue")
    lea.reads("Starter costs $29.00 per month.")
    lea.reads("What is already paid is not refunded.")
    lea.presses("Cancel at period end")
    lea.is_on("Your subscription is canceled")
    assert len(screens) <= 3, screens

    lea.presses("Keep my plan")
    lea.is_on("Subscription")
    lea.has_plan("Growth", "Active")


def test_instead_of_leaving_there_is_a_pause(newcomer: Newcomer) -> None:
    pat = newcomer("Pat", "Patience plc")
    pat.signs_up()
    pat.chooses("Growth")
    pat.fills_the_card_form(GOOD)
    pat.presses("Pay $99.00")
    pat.is_on("Payment received")
    pat.opens("/subscription/cancel")
    pat.page.get_by_label("I do not use it enough").check()
    pat.presses("Continue")
    expect(pat.page.get_by_role("button", name="Cancel at period end")).to_be_visible()
    pat.follows("Pause instead")
    pat.is_on("Pause your subscription")


def test_without_javascript_it_is_the_same(newcomer: Newcomer, demo: Demo) -> None:
    lou = newcomer("Lou", "Plain Leave plc", **WIDE, java_script_enabled=False)
    lou.signs_up()
    lou.opens("/subscription/cancel")
    lou.is_on("Nothing to cancel")
    lou.chooses("Growth")
    buys_at_another_browser(lou, demo)
    lou.opens("/subscription/cancel")
    lou.page.get_by_label("Quality was less than expected").check()
    lou.presses("Continue")
    expect(lou.page.get_by_role("link", name="Write to us")).to_be_visible()
    lou.presses("Cancel at period end")
    lou.is_on("Your subscription is canceled")
    lou.presses("Keep my plan")
    lou.has_plan("Growth", "Active")
