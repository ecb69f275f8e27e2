"""A promotion code is tried at checkout, paid with, joined by another on the running plan, and let go again."""

import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.customer import GOOD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser
from tests.promotions.codes import make_code

DEVICES = [WIDE, PHONE_AT_NIGHT, WIDE | {"java_script_enabled": False}]


@pytest.mark.parametrize("device", DEVICES, ids=["wide", "phone", "plain"])
def test_codes_take_off_what_was_shown(newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]) -> None:
    spring, ten = (f"{word}-{secrets.token_hex(3)}".upper() for word in ("SPRING", "TEN"))
    make_code(demo.sandbox, spring)
    make_code(demo.sandbox, ten, coupon={"amount_off": "1000", "currency": "usd", "duration": "forever"})
    rita = newcomer("Rita", "Rebates Ltd", **device)
    rita.signs_up()
    rita.chooses("Growth")

    tries(rita, "SPRONG")
    rita.reads("No such code is in use.")
    tries(rita, spring.lower())
    rita.reads("20% off for 3 months")
    rita.reads("$79.20 a month for 3 months, then $99.00.")
    rita.page.get_by_role("link", name=f"Remove {spring}").click()
    is_to_pay(rita, "$99.00")
    tries(rita, spring)
    is_to_pay(rita, "$79.20")
    if device.get("java_script_enabled", True):
        rita.fills_the_card_form(GOOD)
        rita.presses("Pay $79.20")
        rita.is_on("Payment received")
    else:
        buys_at_another_browser(rita, demo)

    rita.opens("/subscription")
    rita.reads(re.compile(rf"{spring}.*20% off until "))
    rita.page.locator("summary", has_text="Promotion code").click()
    rita.fills(Your_code=ten)
    rita.presses("See what it does")
    rita.is_on("Promotion code")
    rita.reads("$69.20")
    rita.presses("Apply code")
    rita.is_on("Subscription")
    rita.reads("$10.00 off for as long as you stay")
    rita.page.get_by_role("link", name=f"Remove {ten}").click()
    rita.is_on("Remove discount")
    rita.reads("$79.20")
    rita.presses("Remove discount")
    rita.is_on("Subscription")
    expect(rita.page.get_by_text("$10.00 off")).to_have_count(0)
    assert [charge["amount"] for charge in demo.charges_of(rita.email)] == [7920]


def is_to_pay(customer: Customer, amount: str) -> None:
    expect(customer.page.locator("aside.summary .total")).to_contain_text(amount)


def tries(customer: Customer, code: str) -> None:
    customer.fills(Promotion_code=code)
    customer.presses("Apply")


def test_what_is_free_for_good_is_begun_without_a_card(newcomer: Callable[..., Customer], demo: Demo) -> None:
    code = f"FRIEND-{secrets.token_hex(3)}".upper()
    make_code(demo.sandbox, code, coupon={"percent_off": "100", "duration": "forever"})
    olga = newcomer("Olga", "Friends of the House", **WIDE, java_script_enabled=False)
    olga.signs_up()
    olga.chooses("Growth")
    tries(olga, code)
    olga.page.get_by_label("Country").select_option("GB")
    olga.presses("Subscribe for $0.00")
    olga.is_on("Subscription")
    olga.has_plan("Growth", "Active")
    assert demo.charges_of(olga.email) == []
