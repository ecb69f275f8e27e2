"""A phone at night and no mouse: everything can be reached by the Tab key, and the focus follows what happens."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.customer import PASSWORD, PHONE_AT_NIGHT, Customer

FAR = 60  # more stops than any page of ours has


def test_a_trial_is_started_canceled_and_kept_by_keyboard(newcomer: Callable[..., Customer]) -> None:
    ivy = newcomer("Ivy", "Night Shift", **PHONE_AT_NIGHT)
    hands = Hands(ivy)
    ivy.opens("/plans")
    hands.press(ivy.page.get_by_role("link", name="Choose Starter"))

    ivy.is_on("Create your account")
    for label, text in {"Name": ivy.name, "Email": ivy.email, "Password": PASSWORD}.items():
        hands.type_into(ivy.page.get_by_label(label, exact=True), text)
    ivy.page.keyboard.press("Enter")

    ivy.is_on("Subscribe to Starter")
    hands.type_into(ivy.page.get_by_label("Country"), "United Kingdom")
    hands.type_into(ivy.card_form.get_by_label("Card number"), "4242424242424242")
    hands.type_into(ivy.card_form.get_by_label("Expiration date"), "1240")
    hands.type_into(ivy.card_form.get_by_label("Security code"), "123")
    hands.press(ivy.page.get_by_role("button", name="Start trial"))
    ivy.is_on("Trial started")
    hands.press(ivy.page.get_by_role("link", name="Go to overview"))
    ivy.is_on("Overview")
    ivy.reads("Your trial is free until")

    hands.press(ivy.page.get_by_role("link", name="Cancel subscription"))
    hands.choose(ivy.page.get_by_role("radio").first)
    hands.press(ivy.page.get_by_role("button", name="Continue"))
    hands.press(ivy.page.get_by_role("button", name="Cancel at period end"))
    ivy.is_on("Your subscription is canceled")

    ivy.opens("/subscription")
    hands.press(ivy.page.get_by_role("button", name="Keep my plan"))
    expect(ivy.page.get_by_role("heading", name="Starter")).to_be_focused()
    expect(ivy.page.locator("#subscription-panel .panel-head")).to_contain_text("Trial")

    hands.press(ivy.page.get_by_role("button", name="Menu"))
    hands.press(ivy.page.get_by_role("link", name="Invoices", exact=True))
    ivy.is_on("Invoices")


class Hands:
    """Two hands on a keyboard."""

    def __init__(self, customer: Customer) -> None:
        self._customer = customer

    def reach(self, thing: Locator) -> None:
        """Tab until the thing has the focus."""
        expect(thing).to_be_visible()
        for _ in range(FAR):
            if thing.evaluate("thing => thing === document.activeElement"):
                return
            self._press("Tab")
        raise AssertionError(f"{thing} cannot be reached by the Tab key")

    def press(self, thing: Locator) -> None:
        self.reach(thing)
        self._press("Enter")

    def choose(self, radio: Locator) -> None:
        self.reach(radio)
        self._press("Space")

    def type_into(self, field: Locator, text: str) -> None:
        """Into a list of choices too: the browser goes to the one that begins like that."""
        self.reach(field)
        self._customer.page.keyboard.type(text)

    def _press(self, key: str) -> None:
        self._customer.page.keyboard.press(key)
