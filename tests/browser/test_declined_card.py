"""Paying does not always work the first time, and must never work twice."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.customer import DECLINED, GOOD, NO_FUNDS, Customer
from tests.browser.demo import Demo


def test_a_declined_card_is_told_beside_the_form_and_another_one_pays_once(
    newcomer: Callable[..., Customer], demo: Demo
) -> None:
    emil = newcomer("Emil", "Slide Rules GmbH")
    emil.signs_up()
    emil.chooses("Growth")
    emil.fills_the_card_form(DECLINED)
    emil.presses("Pay $99.00")
    expect(emil.payment_error).to_have_text("Your card was declined.")

    emil.enters_card(NO_FUNDS)
    emil.presses("Pay $99.00")
    expect(emil.payment_error).to_have_text("Your card has insufficient funds.")
    emil.is_on("Subscribe to Growth")

    emil.enters_card(GOOD)
    emil.presses("Pay $99.00")
    emil.is_on("Payment received")
    emil.has_plan("Growth", "Active")
    assert bought(demo, emil) == [9900]


def test_pressing_pay_twice_buys_once(newcomer: Callable[..., Customer], demo: Demo) -> None:
    fay = newcomer("Fay", "Twice & Co")
    fay.signs_up()
    fay.chooses("Growth")
    fay.fills_the_card_form(GOOD)
    fay.page.get_by_role("button", name="Pay $99.00").dblclick()
    fay.is_on("Payment received")
    fay.has_plan("Growth", "Active")
    assert bought(demo, fay) == [9900]


def test_a_second_tab_does_not_buy_again(newcomer: Callable[..., Customer], demo: Demo) -> None:
    gil = newcomer("Gil", "Tabulators")
    gil.signs_up()
    gil.chooses("Growth")
    gil.fills_the_card_form(GOOD)
    first = gil.page
    gil.page = first.context.new_page()
    gil.chooses("Growth")
    gil.fills_the_card_form(GOOD)
    gil.presses("Pay $99.00")
    gil.is_on("Payment received")

    gil.page = first
    gil.presses("Pay $99.00")
    gil.is_on("Subscription")
    assert bought(demo, gil) == [9900]


def bought(demo: Demo, customer: Customer) -> list[int]:
    """The amounts charged, of a customer who has exactly one subscription."""
    assert [subscription["status"] for subscription in demo.subscriptions_of(customer.email)] == ["active"]
    return [charge["amount"] for charge in demo.charges_of(customer.email)]
