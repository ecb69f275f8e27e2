"""Every payment is listed: what it was for, whether it went through, and what came back."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.browser.customer import GOOD, NO_FUNDS, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser


def refund(demo: Demo, charge: str, amount: int) -> None:
    """As a member of staff does at Stripe; `amount` in minor units."""
    url, key = f"{demo.sandbox.url}/v1/refunds", {"Authorization": "Bearer sk_test_sandbox"}
    requests.post(url, data={"charge": charge, "amount": amount}, headers=key, timeout=10).raise_for_status()


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone"])
def test_a_declined_and_a_paid_card_and_a_refund_are_listed(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    petra = newcomer("Petra", "Paid Ltd", **device)
    petra.signs_up()
    petra.opens("/payments")
    petra.is_on("Payments")
    petra.reads("No payments yet.")

    petra.chooses("Growth")
    petra.fills_the_card_form(NO_FUNDS)
    petra.presses("Pay $99.00")
    petra.payment_error.wait_for()
    petra.enters_card(GOOD)
    petra.presses("Pay $99.00")
    petra.is_on("Payment received")

    petra.opens("/invoices")
    petra.follows("Payments")
    petra.is_on("Payments")
    rows = petra.page.get_by_role("row")
    petra.waits_for("/payments", rows.filter(has_text="Visa ending in 4242").filter(has_text="Paid"))
    petra.waits_for("/payments", rows.filter(has_text="Your card has insufficient funds."))
    petra.page.locator("main td.lead a").first.click()
    petra.reads("Payment received")

    (charge,) = demo.charges_of(petra.email)
    refund(demo, charge["id"], 4000)
    petra.waits_for("/payments", petra.page.get_by_text("$40.00 given back"))
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert petra.page.evaluate(fits)


def test_without_javascript(newcomer: Callable[..., Customer], demo: Demo) -> None:
    paul = newcomer("Paul", "Plain Payments", java_script_enabled=False, **WIDE)
    paul.signs_up()
    paul.chooses("Growth")
    buys_at_another_browser(paul, demo)
    paul.waits_for("/payments", paul.page.get_by_role("row").filter(has_text="Paid"))
    paul.reads("Visa ending in 4242")
