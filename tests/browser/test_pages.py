"""Every page, whoever looks at it: named by its heading, light, narrow where the screen is, open to all, and quiet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser import budget
from tests.browser.customer import WIDE
from tests.browser.demo import Demo
from tests.browser.watch import Watch

# Whose page it is (nobody's: signed out), an address, and the link that leads on from there.
PAGES = {
    "overview": ("ADA", "/", None),
    "plans": ("ADA", "/plans", None),
    "checkout": ("CLEO", "/plans", "Choose Growth"),
    "usage": ("ADA", "/usage", None),
    "budget": ("ADA", "/usage", re.compile("^(Set|Change) budget")),
    "usage before any": ("CLEO", "/usage", None),
    "invoices": ("ADA", "/invoices", None),
    "invoice": ("ADA", "/invoices", re.compile("-0001$")),
    "subscription": ("ADA", "/subscription", None),
    "team": ("ADA", "/settings/team", None),
    "api keys": ("ADA", "/settings/api-keys", None),
    "billing details": ("ADA", "/settings/billing", None),
    "dashboard": ("SAM", "/admin/", None),
    "movements": ("SAM", "/admin/movements", None),
    "customers": ("SAM", "/admin/customers", None),
    "customer": ("SAM", "/admin/customers", "Analytical Engines"),
    "subscriptions": ("SAM", "/admin/subscriptions", None),
    "all invoices": ("SAM", "/admin/invoices", None),
    "invoice for staff": ("SAM", "/admin/invoices", re.compile("-0001$")),
    "webhooks": ("SAM", "/admin/webhooks", None),
    "event": ("SAM", "/admin/webhooks", re.compile(r"^[a-z_]+[.]")),
    "tasks": ("SAM", "/admin/tasks", None),
    "task": ("SAM", "/admin/tasks", re.compile("^send_mail:")),
    "calls": ("SAM", "/admin/calls", None),
    "sign in": ("", "/login", None),
    "sign up": ("", "/signup", None),
}


@dataclass
class Visit:
    """A page that was opened with an empty cache."""

    page: Page
    watch: Watch
    transfer: budget.Transfer


@pytest.fixture(scope="module")
def signed_in(browser: Browser, demo: Demo) -> dict[str, StorageState | None]:
    """What the browsers of Ada, Cleo and Sam know once they have signed in."""
    states: dict[str, StorageState | None] = {"": None}
    for name in ("ADA", "CLEO", "SAM"):
        page = browser.new_page(base_url=demo.url)
        page.goto("/login")
        page.get_by_label("Email").fill(demo.env[f"{name}_EMAIL"])
        page.get_by_label("Password").fill(demo.env[f"{name}_PASSWORD"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        states[name] = page.context.storage_state()
        page.context.close()
    return states


@pytest.fixture(scope="module", params=PAGES)
def visit(
    request: pytest.FixtureRequest, browser: Browser, demo: Demo, signed_in: dict[str, StorageState | None]
) -> Iterator[Visit]:
    who, address, link = PAGES[request.param]
    device: dict[str, Any] = {"base_url": demo.url, "storage_state": signed_in[who], **WIDE}
    if link:
        with browser.new_context(**device) as looking:
            page = looking.new_page()
            page.goto(address)
            address = page.locator("main").get_by_role("link", name=link).first.get_attribute("href") or ""
    with browser.new_context(**device) as context:
        page, watch = context.new_page(), Watch()
        watch.over(context)
        transfer = budget.Transfer(page, elsewhere=demo.env["SANDBOX_URL"])
        page.goto(address, wait_until="networkidle")
        yield Visit(page, watch, transfer)


def test_is_called_what_its_title_says(visit: Visit) -> None:
    headings = visit.page.get_by_role("heading", level=1).all_inner_texts()
    assert [f"{heading} · Counterfoil" for heading in headings] == [visit.page.title()]


def test_takes_less_than_100_kilobytes(visit: Visit, request: pytest.FixtureRequest) -> None:
    figure = f"{visit.transfer.kilobytes:.1f} kB in {len(visit.transfer.sizes)} answers"
    print(f"{request.node.callspec.id}: {figure}")  # noqa: T201 - a measurement, shown by `pytest -rP`
    assert visit.transfer.kilobytes < budget.KILOBYTES, visit.transfer.sizes


def test_never_scrolls_sideways(visit: Visit) -> None:
    assert budget.sideways(visit.page) <= 0


def test_shuts_nobody_out(visit: Visit) -> None:
    assert budget.flaws(visit.page) == []


def test_leaves_the_browser_nothing_to_complain_of(visit: Visit) -> None:
    assert visit.watch.complaints == []
