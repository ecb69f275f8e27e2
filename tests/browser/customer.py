"""A customer at a real browser: each method is something a person does or looks for, by the names a page gives things."""

import re
import secrets
import time
from typing import Any

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.browser.demo import Demo
from tests.browser.watch import Watch

PATIENCE_SECONDS = 30
PASSWORD = "ink-and-blotting-paper"
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE_AT_NIGHT: dict[str, Any] = {"viewport": {"width": 375, "height": 740}, "color_scheme": "dark"}

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
NO_FUNDS = "4000000000009995"
ASKS_THE_BANK = "4000002500003155"


class Customer:
    """Somebody with a browser of their own; `device` is what Playwright's new_context takes."""

    def __init__(self, browser: Browser, demo: Demo, name: str, organization: str, **device: Any) -> None:
        self.name, self.organization = name, organization
        self.email = f"{name.lower()}-{secrets.token_hex(4)}@example.com"
        self.watch = Watch()
        self._browser, self._demo, self._device = browser, demo, device
        self.page = self.open_browser()

    def open_browser(self) -> Page:
        """A browser that has never been here; what a closed one knew is gone."""
        context = self._browser.new_context(base_url=self._demo.url, **self._device)
        self.watch.over(context)
        self.page = context.new_page()
        return self.page

    def close_browser(self) -> None:
        self.page.context.close()

    def opens(self, address: str) -> None:
        self.page.goto(address)

    def follows(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def fills(self, **fields: str) -> None:
        """`fills(Email="…", Organization="…")`: by label; an underscore stands for a space."""
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(value)

    def is_on(self, heading: str) -> None:
        """The page with this heading has come up."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def reads(self, words: str | re.Pattern[str]) -> None:
        """These words are to be seen in the page."""
        expect(self.page.locator("main").get_by_text(words).filter(visible=True).first).to_be_visible()

    def signs_up(self) -> None:
        self.opens("/signup")
        self.fills(Name=self.name, Email=self.email, Password=PASSWORD, Organization=self.organization)
        self.presses("Create account")
        self.is_on("Overview")

    def signs_in(self, email: str = "", password: str = PASSWORD) -> None:
        self.opens("/login")
        self.fills(Email=email or self.email, Password=password)
        self.presses("Sign in")
        self.is_on("Overview")

    def chooses(self, plan: str) -> None:
        self.opens("/plans")
        self.follows(f"Choose {plan}")
        self.is_on(f"Subscribe to {plan}")

    @property
    def card_form(self) -> FrameLocator:
        """The Payment Element, in its own frame."""
        return self.page.frame_locator('iframe[title="Secure payment input frame"]')

    @property
    def bank(self) -> FrameLocator:
        """The card issuer's question."""
        return self.page.frame_locator('iframe[title="Card authentication"]')

    @property
    def payment_error(self) -> Locator:
        return self.page.locator("#payment-error")

    def fills_the_card_form(self, number: str) -> None:
        self.page.get_by_label("Country").select_option("GB")
        self.enters_card(number)

    def enters_card(self, number: str) -> None:
        self.card_form.get_by_label("Card number").fill(number)
        self.card_form.get_by_label("Expiration date").fill("1240")
        self.card_form.get_by_label("Security code").fill("123")

    def answers_the_bank(self, answer: str) -> None:
        self.bank.get_by_role("button", name=answer).click()

    def has_plan(self, plan: str, state: str) -> None:
        """The overview names the plan and its state."""
        self.opens("/")
        panel = self.page.locator("#overview-plan")
        expect(panel.get_by_role("heading", level=2)).to_have_text(plan)
        expect(panel.locator(".panel-head")).to_contain_text(state)

    def waits_for(self, address: str, thing: Locator, count: int = 1) -> None:
        """Looks at the page again and again until as many of the thing are there: the workers need a moment."""

        deadline = time.monotonic() + PATIENCE_SECONDS
        self.opens(address)
        while thing.count() < count:
            assert time.monotonic() < deadline, f"{address} never showed {thing}, {count} times"
            self.opens(address)

    def invoice_links(self) -> Locator:
        """The numbers in the list of invoices."""
        return self.page.locator("main td.lead a[href^='/invoices/']")
