"""A card grows old, another one takes its place, and the first is put away."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from portal.demo.visitor import Visitor
from tests.browser.customer import DECLINED, GOOD, PASSWORD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser

MASTERCARD = "5555555555554444"


def row(customer: Customer, digits: str) -> Locator:
    return customer.page.get_by_role("row").filter(has_text=digits)


def subscribes(customer: Customer) -> None:
    customer.signs_up()
    customer.chooses("Growth")
    customer.fills_the_card_form(GOOD)
    customer.presses("Pay $99.00")
    customer.is_on("Payment received")
    customer.waits_for("/payment-methods", row(customer, "4242"))


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone"])
def test_a_new_card_takes_over_and_the_old_one_goes(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    ida = newcomer("Ida", "Card Index KG", **device)
    subscribes(ida)
    expect(row(ida, "4242")).to_contain_text("Default")
    ida.follows("Remove")
    ida.is_on("This card is needed")
    ida.reads("Growth has no other card to be paid with.")
    ida.follows("Add card")
    ida.is_on("Add card")
    expect(ida.page.get_by_label("Make this the default card")).to_be_checked()
    ida.enters_card(DECLINED)
    ida.presses("Add card")
    expect(ida.payment_error).to_have_text("Your card was declined.")
    ida.enters_card(MASTERCARD)
    ida.presses("Add card")
    ida.is_on("Card added")
    ida.reads("Mastercard •••• 4444 is saved and is the default card.")

    ida.follows("See payment methods")
    expect(row(ida, "4444")).to_contain_text("Growth")
    row(ida, "4242").get_by_role("button", name="Make default").click()
    expect(ida.page.locator("#flashes")).to_contain_text("Visa •••• 4242 is the default card from now on.")
    row(ida, "4444").get_by_role("button", name="Make default").click()
    expect(row(ida, "4444")).to_contain_text("Default")
    row(ida, "4242").get_by_role("link", name="Remove").click()
    ida.presses("Remove Visa •••• 4242")
    expect(ida.page.locator("#flashes")).to_contain_text("Visa •••• 4242 was removed.")
    expect(row(ida, "4242")).to_have_count(0)

    ida.opens("/")
    ida.reads("Card removed")
    (subscription,) = demo.subscriptions_of(ida.email)
    (card,) = demo.sandbox.objects(f"customers/{subscription['customer']}/payment_methods")
    assert subscription["default_payment_method"] == card["id"]


def test_without_javascript_all_but_the_card_field_works(newcomer: Callable[..., Customer], demo: Demo) -> None:
    kai = newcomer("Kai", "Plain Cards plc", **WIDE, java_script_enabled=False)
    kai.signs_up()
    kai.chooses("Growth")
    buys_at_another_browser(kai, demo)
    kai.waits_for("/payment-methods", row(kai, "4242"))
    kai.follows("Add card")
    expect(kai.page.locator("noscript").locator("p")).to_be_visible()
    adds_at_another_browser(kai, demo, MASTERCARD)

    kai.waits_for("/payment-methods", row(kai, "4444"))
    expect(row(kai, "4444")).to_contain_text("Default")
    row(kai, "4242").get_by_role("button", name="Make default").click()
    expect(kai.page.locator("#flashes")).to_contain_text("Visa •••• 4242 is the default card from now on.")
    row(kai, "4444").get_by_role("link", name="Remove").click()
    kai.is_on("Remove Mastercard •••• 4444?")
    kai.presses("Remove Mastercard •••• 4444")
    expect(row(kai, "4444")).to_have_count(0)


def adds_at_another_browser(customer: Customer, demo: Demo, card: str) -> None:
    """Where JavaScript is on."""
    visitor = Visitor(demo.url)
    visitor.open("/login")
    visitor.press("Sign in", email=customer.email, password=PASSWORD)
    visitor.add_card(card)
