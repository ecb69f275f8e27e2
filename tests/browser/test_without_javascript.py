"""Everything but the card field works with JavaScript switched off."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from portal.demo.visitor import Visitor
from tests.browser.customer import GOOD, PASSWORD, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.reading import downloaded


def test_a_plan_is_chosen_read_about_canceled_and_kept(newcomer: Callable[..., Customer], demo: Demo) -> None:
    jon = newcomer("Jon", "Plain Text plc", **WIDE, java_script_enabled=False)
    jon.signs_up()
    jon.follows("Plans")
    jon.is_on("Choose a plan")
    jon.page.get_by_role("link", name="Yearly").click()
    jon.reads("$990.00")
    jon.follows("Monthly")
    jon.reads("$99.00")
    jon.follows("Choose Growth")
    jon.is_on("Subscribe to Growth")
    expect(jon.page.locator("noscript").locator("p")).to_be_visible()
    expect(jon.page.get_by_role("button", name="Pay $99.00")).to_have_count(0)  # it could not be paid

    buys_at_another_browser(jon, demo)
    jon.has_plan("Growth", "Active")

    jon.waits_for("/invoices", jon.invoice_links())
    number = jon.invoice_links().inner_text()
    jon.page.get_by_label("Status").select_option("Void")
    jon.presses("Filter")
    jon.reads("No invoice matches these filters.")
    jon.follows("Show all invoices")
    jon.fills(Search=number)
    jon.presses("Filter")
    expect(jon.invoice_links()).to_have_text([number])
    jon.waits_for(f"/invoices/{number}", jon.page.get_by_role("link", name="Download PDF"))
    assert number in downloaded(jon.page)

    jon.opens("/")
    jon.follows("Cancel subscription")
    jon.page.get_by_label("Something else").check()
    jon.presses("Continue")
    jon.presses("Cancel at period end")
    jon.is_on("Your subscription is canceled")
    jon.opens("/subscription")
    jon.reads("After that the free plan applies and nothing more is charged.")
    jon.presses("Keep my plan")
    jon.has_plan("Growth", "Active")

    user_menu(jon).click()
    jon.presses("Sign out")
    jon.opens("/invoices")
    jon.is_on("Sign in")
    jon.fills(Email=jon.email, Password=PASSWORD)
    jon.presses("Sign in")
    jon.is_on("Invoices")


def buys_at_another_browser(customer: Customer, demo: Demo) -> None:
    """Where JavaScript is on; the price is the one on the customer's page."""
    visitor = Visitor(demo.url)
    visitor.open("/login")
    visitor.press("Sign in", email=customer.email, password=PASSWORD)
    visitor.buy(customer.page.url.rsplit("/", 1)[-1], GOOD, name=customer.organization, country="GB")


def user_menu(customer: Customer) -> Locator:
    return customer.page.locator("summary").filter(has_text=customer.name)
