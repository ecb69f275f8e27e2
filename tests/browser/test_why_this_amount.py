"""Each amount says where it comes from: before anything is bought, on the overview and on the invoice."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.customer import GOOD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser

PRICE = "days): $99.00."


def asks_why(line: Locator) -> None:
    line.get_by_text("Why this amount?").click()


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone"])
def test_from_the_order_to_the_invoice(newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]) -> None:
    wanda = newcomer("Wanda", "Why Not Ltd", **device)
    wanda.signs_up()
    wanda.chooses("Growth")
    asks_why(wanda.page.locator(".summary"))
    wanda.reads(PRICE)
    wanda.fills_the_card_form(GOOD)
    wanda.presses("Pay $99.00")
    wanda.is_on("Payment received")

    wanda.waits_for("/", wanda.page.get_by_text("What the next charge is made of"))
    wanda.page.get_by_text("What the next charge is made of").click()
    asks_why(wanda.page.locator("#overview-plan"))
    wanda.reads(PRICE)

    wanda.waits_for("/invoices", wanda.invoice_links())
    wanda.invoice_links().click()
    asks_why(wanda.page.get_by_role("article"))
    wanda.reads(PRICE)
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert wanda.page.evaluate(fits)


def test_without_javascript(newcomer: Callable[..., Customer], demo: Demo) -> None:
    walt = newcomer("Walt", "Plain Paper", java_script_enabled=False, **WIDE)
    walt.signs_up()
    walt.chooses("Growth")
    buys_at_another_browser(walt, demo)
    walt.waits_for("/invoices", walt.invoice_links())
    walt.invoice_links().click()
    asks_why(walt.page.get_by_role("article"))
    expect(walt.page.get_by_role("article").get_by_text(PRICE)).to_be_visible()
