"""The card issuer wants to know that it is really the customer (3-D Secure)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.customer import ASKS_THE_BANK, GOOD, Customer
from tests.browser.demo import Demo


@pytest.fixture
def hal(newcomer: Callable[..., Customer]) -> Customer:
    """Hal has pressed Pay and is asked by his bank."""
    hal = newcomer("Hal", "Careful Ltd")
    hal.signs_up()
    hal.chooses("Growth")
    hal.fills_the_card_form(ASKS_THE_BANK)
    hal.presses("Pay $99.00")
    return hal


def test_completing_it_pays(hal: Customer) -> None:
    hal.answers_the_bank("Complete authentication")
    hal.is_on("Payment received")
    hal.has_plan("Growth", "Active")


def test_failing_it_is_told_and_the_same_page_takes_another_try(hal: Customer, demo: Demo) -> None:
    hal.answers_the_bank("Fail authentication")
    expect(hal.payment_error).to_contain_text("unable to authenticate your payment method")
    hal.presses("Pay $99.00")
    hal.answers_the_bank("Complete authentication")
    hal.is_on("Payment received")
    hal.has_plan("Growth", "Active")
    assert len(demo.charges_of(hal.email)) == 1


def test_closing_the_browser_grants_nothing_and_the_payment_can_be_finished_later(hal: Customer, demo: Demo) -> None:
    expect(hal.bank.get_by_role("button", name="Complete authentication")).to_be_visible()
    hal.close_browser()
    hal.open_browser()
    hal.signs_in()
    hal.has_plan("Free", "Free")
    hal.reads("Nothing was charged.")
    assert demo.charges_of(hal.email) == []

    hal.page.locator("#banner").get_by_role("link", name="Finish your payment").click()
    hal.is_on("Subscribe to Growth")
    hal.fills_the_card_form(GOOD)
    hal.presses("Pay $99.00")
    hal.is_on("Payment received")
    hal.has_plan("Growth", "Active")
    assert [charge["amount"] for charge in demo.charges_of(hal.email)] == [9900]
