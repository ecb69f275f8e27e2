"""A real demo and a real Chromium, shared by all journeys; every journey brings new people, because the data is shared too."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.customer import WIDE, Customer
from tests.browser.demo import Demo, running


def pytest_itemcollected(item: pytest.Item) -> None:
    """`-m "not browser"` leaves these out."""
    item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Other tests keep the machine busy meanwhile."""
    expect.set_options(timeout=15_000)  # milliseconds


@pytest.fixture(scope="session")
def demo(home: Path) -> Iterator[Demo]:
    """`portal demo`, seeded; `make clean` removes its directory."""
    with running(home / "demo") as demo:
        yield demo


@pytest.fixture
def newcomer(browser: Browser, demo: Demo) -> Iterator[Callable[..., Customer]]:
    """`newcomer("Dora", "Difference Ltd")`: somebody new at a browser of their own, which has nothing to complain of."""
    customers: list[Customer] = []

    def arrive(name: str, organization: str, **device: Any) -> Customer:
        customers.append(Customer(browser, demo, name, organization, **(device or WIDE)))
        return customers[-1]

    yield arrive
    for customer in customers:
        customer.close_browser()
    assert [complaint for customer in customers for complaint in customer.watch.unexpected()] == []
