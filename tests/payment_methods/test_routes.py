"""The page of the saved cards: what they are, until when, what is paid with them, and who may change them."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from app.core import clock
from app.organizations.models import Role
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.payment_methods.conftest import MASTERCARD, VISA, at_stripe, cards_of, the_card
from tests.statements import counted

Subscribe = Callable[..., None]


def page(browser: Browser, address: str = "/payment-methods") -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser").get_text(" ", strip=True)


def row(browser: Browser, last4: str) -> str:
    soup = BeautifulSoup(browser.get("/payment-methods").text, "html.parser")
    return soup.find("span", id=the_card(browser, last4).public_id).find_parent("tr").get_text(" ", strip=True)


def test_who_has_no_card_is_shown_the_way_to_one(ada: Browser):
    words = page(ada)
    assert "Payment methods" in words
    assert "No card saved yet." in words
    assert "Add card" in words


def test_a_card_shows_brand_digits_expiry_and_what_is_paid_with_it(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    assert row(ada, "4242") == "Visa •••• 4242 Default Pays for Growth 12/2040 Remove"


def test_the_card_of_the_plan_counts_as_the_default_although_the_customer_has_another(
    ada: Browser, subscribe: Subscribe, save_card: Callable[..., None], sandbox: Sandbox
):
    subscribe(ada, "growth")
    save_card(ada, MASTERCARD, default=False)
    default = {"invoice_settings[default_payment_method]": the_card(ada, "4444").stripe_id}
    at_stripe(sandbox, "POST", f"customers/{ada.organization.stripe_customer_id}", **default)
    assert "Default" in row(ada, "4242")
    assert "Make default" in row(ada, "4444")


@pytest.mark.parametrize(("months", "words"), [(0, "Expires this month"), (1, "Expires next month"), (-1, "Expired")])
def test_an_expiry_that_is_near_is_told_in_words_on_every_page(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox, months: int, words: str
):
    subscribe(ada, "growth")
    expires(sandbox, the_card(ada, "4242").stripe_id, 1 if months < 0 else months)
    if months < 0:
        sandbox.turn_clock("2 months")
        clock.refresh()
    assert words in row(ada, "4242")
    sentence = {0: "expires this month.", 1: "expires next month.", -1: "has expired."}[months]
    assert f"Your card Visa •••• 4242 {sentence}" in page(ada, "/")


def expires(sandbox: Sandbox, card: str, months: int) -> None:
    """So many months from now, says Stripe."""
    now = clock.now()
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    at_stripe(
        sandbox, "POST", f"payment_methods/{card}", **{"card[exp_month]": str(month + 1), "card[exp_year]": str(year)}
    )


def test_a_card_good_for_long_is_worth_no_words(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    assert "xpire" not in row(ada, "4242")
    assert "Your card" not in page(ada, "/")


def test_the_same_card_saved_twice_is_named_but_not_the_one_in_use(
    ada: Browser, subscribe: Subscribe, save_card: Callable[..., None]
):
    subscribe(ada, "growth")
    save_card(ada, VISA, default=False)
    words = page(ada)
    assert words.count("The same card is saved twice; you can remove this one.") == 1
    assert words.index("Default") < words.index("saved twice")


def test_a_member_looks_and_changes_nothing(ada: Browser, person, subscribe: Subscribe):
    subscribe(ada, "growth")
    mia = person("Mia", ada.organization, Role.MEMBER)
    words = page(mia)
    assert "Visa •••• 4242" in words
    assert "Your role lets you look." in words
    assert "Remove" not in words
    assert "Add card" not in words


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "new"),
        ("POST", "new"),
        ("POST", "{card}/default"),
        ("GET", "{card}/removal"),
        ("POST", "{card}/removal"),
    ],
)
def test_a_member_is_refused(ada: Browser, person, subscribe: Subscribe, method: str, address: str):
    subscribe(ada, "growth")
    mia = person("Mia", ada.organization, Role.MEMBER)
    address = "/payment-methods/" + address.format(card=cards_of(ada)[0].public_id)
    assert (mia.get(address) if method == "GET" else mia.post(address, data={"token": "t" * 22})).status_code == 403


def test_billing_may(bob: Browser, ada: Browser, subscribe: Subscribe, save_card: Callable[..., None]):
    subscribe(ada, "growth")
    save_card(bob, MASTERCARD, default=False)
    assert "Make default" in page(bob)


@pytest.mark.parametrize("deed", ["default", "removal"])
def test_a_strangers_card_is_not_there(
    ada: Browser, cleo: Browser, subscribe: Subscribe, save_card: Callable[..., None], deed: str
):
    subscribe(ada, "growth")
    save_card(ada, MASTERCARD, default=False)
    address = f"/payment-methods/{the_card(ada, '4444').public_id}/{deed}"
    assert (
        "it may have been removed in another tab"
        in cleo.post(address, data={"token": "t" * 22}, follow_redirects=True).text
    )
    assert len(cards_of(ada)) == 2


@pytest.mark.parametrize("odd", ["pm_nobody", "%00", "0", "💳"])
def test_an_unknown_card_gets_a_clear_sentence(ada: Browser, odd: str):
    answer = ada.post(f"/payment-methods/{odd}/removal", data={"token": "t" * 22}, follow_redirects=True)
    assert "it may have been removed in another tab. Nothing was changed." in answer.text


def test_a_visitor_signs_in_first(client: Browser):
    assert client.get("/payment-methods").location == "/login?next=/payment-methods"


def test_many_cards_cost_no_more_statements_than_one(
    ada: Browser, subscribe: Subscribe, save_card: Callable[..., None]
):
    subscribe(ada, "growth")
    save_card(ada, MASTERCARD, default=False)
    save_card(ada, VISA, default=False)
    ada.get("/payment-methods")
    with counted() as statements:
        ada.get("/payment-methods")
    assert len(statements) <= 6
