"""A renewal that no card pays: told at once, tried again at the stated hours, given up, restricted; and a good card ends it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.customer import GOOD, PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_pay import fits
from tests.helpers import until

FAILS_LATER = "4000000000000341"
HOUR = 3600
DECLINED = "Your payment of $99.00 for Growth was declined"
LAST = "Last notice: $99.00 for Growth is still unpaid"
RECOVERED = "Paid: Growth goes on"


def renews_with_a_card_that_fails(customer: Customer, demo: Demo) -> None:
    customer.signs_up()
    customer.chooses("Growth")
    customer.fills_the_card_form(GOOD)
    customer.presses("Pay $99.00")
    customer.is_on("Payment received")
    adds_card(customer, FAILS_LATER)
    demo.sandbox.turn_clock("1 month")
    demo.sandbox.turn_clock("2 hours")
    until_told(demo, customer, DECLINED)


def adds_card(customer: Customer, number: str) -> None:
    customer.opens("/payment-methods/new")
    customer.enters_card(number)
    customer.presses("Add card")
    customer.is_on("Card added")


def until_told(demo: Demo, customer: Customer, subject: str, times: int = 1) -> None:
    until(lambda: demo.mailbox.subjects(customer.email).count(subject) == times, f"{subject}, {times} times")


def refusals(demo: Demo, customer: Customer) -> list[int]:
    """When each charge was refused, in seconds of the sandbox's time, the first one first."""
    (owner,) = demo.sandbox.objects("customers", email=customer.email)
    charges = demo.sandbox.objects("charges", customer=owner["id"])
    return sorted(charge["created"] for charge in charges if charge["status"] == "failed")


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone"])
def test_a_renewal_that_fails_to_the_end_and_a_card_that_brings_it_back(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    nora = newcomer("Nora", "Ink and Sons", **device)
    renews_with_a_card_that_fails(nora, demo)
    banner = nora.page.locator("#banner")
    nora.waits_for("/", banner.get_by_text("Next attempt:"))
    expect(banner).to_contain_text("The last payment for Growth failed. $99.00 is due. The bank declined the card.")
    fits(nora.page)
    banner.get_by_role("link", name="Pay now").click()
    nora.is_on("Confirm your payment")

    for attempt, subject in ((2, DECLINED), (3, LAST)):
        demo.sandbox.turn_clock("71 hours")
        demo.sandbox.turn_clock("1 hour")
        until_told(demo, nora, subject, attempt if subject == DECLINED else 1)
        assert len(refusals(demo, nora)) == attempt
    first, *others = refusals(demo, nora)
    assert [round((one - first) / HOUR / 24) for one in others] == [3, 6]

    nora.has_plan("Growth", "Past due")
    demo.sandbox.turn_clock("1 day")
    nora.waits_for("/", nora.page.get_by_text("Access restricted until the payment arrives"))
    nora.has_plan("Growth", "Restricted")
    expect(banner).to_contain_text("Access is restricted until it is paid.")

    adds_card(nora, GOOD)
    nora.reads("$99.00 paid")
    until_told(demo, nora, RECOVERED)
    nora.has_plan("Growth", "Active")
    expect(banner).to_have_count(0)
    demo.sandbox.turn_clock("1 day")
    nora.waits_for("/", nora.page.get_by_text("The overdue payment arrived"))
    assert demo.mailbox.subjects(nora.email).count(RECOVERED) == 1
    assert [charge["amount"] for charge in demo.charges_of(nora.email)] == [9900, 9900]
