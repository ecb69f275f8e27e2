"""A trial without a card ends as agreed and is brought back by one; a card brings one trial only.

At a demo of its own: its catalogue has other terms than the one the other journeys share.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.demo.visitor import Visitor
from tests.browser.customer import GOOD, PASSWORD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo, running

DEVICES = pytest.mark.parametrize(
    "device",
    [WIDE, PHONE_AT_NIGHT, WIDE | {"java_script_enabled": False}],
    ids=["wide", "phone", "plain"],
)
CATALOGUE = """
[[plans]]
key = "free"
name = "Free"
kind = "free"

[[plans]]
key = "studio"
name = "Studio"
trial_days = 14
trial_card = "optional"
trial_end = "pause"
prices.usd = { month = 2900 }

[[plans]]
key = "gallery"
name = "Gallery"
trial_days = 14
prices.usd = { month = 4900 }
"""

Newcomer = Callable[..., Customer]


@pytest.fixture(scope="module")
def demo(home: Path) -> Iterator[Demo]:
    """Another demo than the shared one, whose plans are on trial."""
    with running(home / "demo-of-trials") as demo:
        file = demo.home / "catalog.toml"
        file.write_text(CATALOGUE)
        names = {"PUBLIC_URL": "PORTAL_URL", "STRIPE_API_BASE": "SANDBOX_URL"}
        settings = demo.env | {name: demo.env[key] for name, key in names.items()} | {"STRIPE_MODE": "sandbox"}
        settings |= {"SECRET_KEY": "k" * 64, "CLOCK_URL": f"{demo.env['SANDBOX_URL']}/_sandbox/clock"}
        command = [sys.executable, "-m", "portal", "catalog", "load", str(file), "--yes"]
        subprocess.run(command, env=os.environ | settings, check=True, capture_output=True)
        yield demo


@DEVICES
def test_a_trial_without_a_card_pauses_and_a_card_brings_it_back(
    newcomer: Newcomer, demo: Demo, device: dict[str, Any]
) -> None:
    mia = newcomer("Mia", "Studio Mia", **device)
    mia.signs_up()
    mia.chooses("Studio")
    mia.page.get_by_label("Country").select_option("GB")
    mia.presses("Start trial")
    mia.is_on("Subscription")
    mia.reads("without one it pauses and nothing is charged")
    mia.has_plan("Studio", "Trial")

    demo.sandbox.turn_clock("12 days")
    demo.link_mailed_to(mia.email, "/payment-methods/new")
    demo.sandbox.turn_clock("3 days")
    mia.waits_for("/subscription", mia.page.locator("main").get_by_role("link", name="Add card and go on"))
    mia.page.locator("main").get_by_role("link", name="Add card and go on").click()
    mia.is_on("Go on with Studio")
    if device.get("java_script_enabled", True):
        mia.enters_card(GOOD)
        mia.presses("Pay $29.00 and go on")
    else:
        at_another_browser(mia, demo).add_card(GOOD)
        mia.waits_for("/subscription", mia.page.locator("main").get_by_role("link", name="Resume", exact=True))
        mia.page.locator("main").get_by_role("link", name="Resume", exact=True).click()
        mia.presses("Pay $29.00 and resume")
    mia.is_on("Subscription")
    mia.has_plan("Studio", "Active")
    assert [charge["amount"] for charge in demo.charges_of(mia.email)] == [2900]


@pytest.fixture(scope="module")
def used_card(demo: Demo) -> str:
    """A card with which somebody's trial has begun."""
    number = "5555555555554444"
    visitor = Visitor(demo.url)
    visitor.open("/signup")
    visitor.press("Create account", name="Una", email="una@example.com", password=PASSWORD, organization="Una & Co")
    visitor.buy(price_of("Gallery", visitor), number, country="GB")
    assert visitor.heading() == "Trial started"
    return number


@DEVICES
def test_a_used_card_begins_no_trial_but_may_pay(
    newcomer: Newcomer, demo: Demo, used_card: str, device: dict[str, Any]
) -> None:
    gus = newcomer("Gus", "Gallery Gus", **device)
    gus.signs_up()
    gus.chooses("Gallery")
    if device.get("java_script_enabled", True):
        gus.fills_the_card_form(used_card)
        gus.presses("Start trial")
    else:
        other = at_another_browser(gus, demo)
        other.buy(gus.page.url.rsplit("/", 1)[-1], used_card, country="GB")
        gus.opens(other.url)
    gus.is_on("No second trial with this card")
    gus.reads("This card has already been used for a trial. Start Gallery now for $49.00.")
    expect(gus.page.get_by_role("link", name="Use another card")).to_be_visible()
    assert demo.charges_of(gus.email) == []

    gus.presses("Pay $49.00")
    gus.is_on("Subscription")
    gus.has_plan("Gallery", "Active")
    assert [charge["amount"] for charge in demo.charges_of(gus.email)] == [4900]


def at_another_browser(customer: Customer, demo: Demo) -> Visitor:
    """Where JavaScript is on, signed in."""
    visitor = Visitor(demo.url)
    visitor.open("/login")
    visitor.press("Sign in", email=customer.email, password=PASSWORD)
    return visitor


def price_of(plan: str, visitor: Visitor) -> str:
    visitor.open("/plans")
    visitor.follow(f"Choose {plan}")
    return visitor.url.rsplit("/", 1)[-1]
