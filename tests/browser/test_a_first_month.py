"""The journey the portal is for."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.customer import GOOD, Customer
from tests.browser.demo import Demo
from tests.browser.reading import downloaded


def test_from_signing_up_over_a_renewal_to_leaving_and_staying(newcomer: Callable[..., Customer], demo: Demo) -> None:
    dora = newcomer("Dora", "Difference Ltd")
    dora.signs_up()
    dora.chooses("Growth")
    dora.fills_the_card_form(GOOD)
    dora.presses("Pay $99.00")
    dora.is_on("Payment received")
    dora.follows("Go to overview")
    dora.has_plan("Growth", "Active")

    dora.waits_for("/invoices", dora.invoice_links())
    number = dora.invoice_links().inner_text()
    dora.follows(number)
    dora.is_on(f"Invoice {number}")
    document = downloaded(dora.page)
    assert number in document
    assert "$99.00" in document

    demo.sandbox.turn_clock("1 month")
    demo.sandbox.turn_clock("2 hours")  # Stripe leaves a renewal's invoice open for an hour
    dora.waits_for("/invoices", dora.page.get_by_role("row").filter(has_text="Paid"), count=2)
    dora.waits_for("/", dora.page.get_by_text("Subscription renewed"))

    screens = visited(dora.page)
    dora.follows("Cancel subscription")
    dora.is_on("Cancel your subscription")
    dora.page.get_by_label("I do not use it enough").check()
    dora.presses("Continue")
    dora.reads("Everything in Growth stays available.")
    dora.presses("Cancel at period end")
    dora.is_on("Your subscription is canceled")
    assert len(screens) <= 3, screens

    dora.presses("Keep my plan")
    dora.is_on("Subscription")
    dora.has_plan("Growth", "Active")


def visited(page: Page) -> list[str]:
    """The pages that come up from now on."""
    addresses: list[str] = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    return addresses
