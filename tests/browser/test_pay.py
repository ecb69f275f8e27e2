"""A renewal does not go through by itself: it is paid from the link of the mail, or on the invoice's page."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from portal.demo.visitor import Visitor
from tests.browser.customer import GOOD, PASSWORD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.helpers import until

ASKS_EVERY_TIME = "4000002760003184"
DEVICES = pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone"])


def renewed(customer: Customer, demo: Demo) -> None:
    """Growth was bought with a card that asks its owner at every payment, and a month has passed."""
    customer.signs_up()
    customer.chooses("Growth")
    customer.fills_the_card_form(ASKS_EVERY_TIME)
    customer.presses("Pay $99.00")
    customer.answers_the_bank("Complete authentication")
    customer.is_on("Payment received")
    demo.sandbox.turn_clock("1 month")
    demo.sandbox.turn_clock("2 hours")


@DEVICES
def test_the_link_of_the_mail_pays_without_signing_in(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    vera = newcomer("Vera", "Secure Ltd", **device)
    renewed(vera, demo)
    link = demo.link_mailed_to(vera.email, "/pay/")
    vera.close_browser()
    vera.open_browser()

    vera.opens(link)
    vera.is_on("Confirm your payment")
    vera.reads("Visa ending in 3184")
    fits(vera.page)
    vera.presses("Confirm payment")
    vera.answers_the_bank("Fail authentication")
    expect(vera.payment_error).to_contain_text("unable to authenticate your payment method")
    vera.presses("Confirm payment")
    vera.answers_the_bank("Complete authentication")
    vera.is_on("Payment received")
    vera.opens(link)
    vera.is_on("Payment received")

    vera.signs_in()
    vera.has_plan("Growth", "Active")
    assert [charge["amount"] for charge in demo.charges_of(vera.email)] == [9900, 9900]


@DEVICES
def test_the_banner_leads_to_the_invoice_which_another_card_pays(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    will = newcomer("Will", "Forgetful Ltd", **device)
    renewed(will, demo)
    will.waits_for("/", will.page.locator("#banner").get_by_role("link", name="Pay now"))
    will.page.locator("#banner").get_by_role("link", name="Pay now").click()
    will.is_on("Confirm your payment")
    fits(will.page)
    will.presses("Pay $99.00")
    expect(will.bank.get_by_role("button", name="Complete authentication")).to_be_visible()

    will.page.reload()  # given up halfway: the page knows, and takes another card
    will.reads("Your bank asks you to confirm this payment")
    will.follows("Use another card")
    will.card_form.get_by_label("Country").select_option("DE")
    will.enters_card(GOOD)
    fits(will.page)
    will.presses("Pay $99.00")
    will.is_on("Payment received")
    will.follows("View invoice")
    will.reads("Payment received")
    will.has_plan("Growth", "Active")
    assert [charge["amount"] for charge in demo.charges_of(will.email)] == [9900, 9900]


def test_without_javascript_a_saved_card_pays(newcomer: Callable[..., Customer], demo: Demo) -> None:
    xena = newcomer("Xena", "Printed Matter", **WIDE, java_script_enabled=False)
    xena.signs_up()
    xena.chooses("Growth")
    buys(xena, demo, GOOD)
    no_more_money(xena, demo)
    demo.sandbox.turn_clock("1 month")
    demo.sandbox.turn_clock("2 hours")

    pay = xena.page.get_by_role("link", name="Pay $99.00")
    xena.waits_for("/invoices", pay)
    pay.click()
    xena.is_on("Confirm your payment")
    expect(xena.page.get_by_label("Mastercard")).to_be_checked()  # the other one was declined
    xena.presses("Pay $99.00")
    xena.is_on("Payment received")
    xena.has_plan("Growth", "Active")


def buys(customer: Customer, demo: Demo, card: str) -> None:
    """Where JavaScript is on; the price is the one on the customer's page."""
    visitor = Visitor(demo.url)
    visitor.open("/login")
    visitor.press("Sign in", email=customer.email, password=PASSWORD)
    visitor.buy(customer.page.url.rsplit("/", 1)[-1], card, name=customer.organization, country="GB")
    until(lambda: demo.charges_of(customer.email), "the first payment")


def no_more_money(customer: Customer, demo: Demo) -> None:
    """The card that renews fails from now on; another one that works is saved as well."""
    (owner,) = demo.sandbox.objects("customers", email=customer.email)
    stripe(demo, "payment_methods/pm_card_mastercard/attach", customer=owner["id"])
    failing = stripe(demo, "payment_methods/pm_card_chargeCustomerFail/attach", customer=owner["id"])["id"]
    (subscription,) = demo.subscriptions_of(customer.email)
    stripe(demo, f"subscriptions/{subscription['id']}", default_payment_method=failing)


def stripe(demo: Demo, path: str, **data: str) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    answer = requests.post(f"{demo.sandbox.url}/v1/{path}", data=data, headers=headers, timeout=10)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def fits(page: Page) -> None:
    """Nothing is to be scrolled to sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
