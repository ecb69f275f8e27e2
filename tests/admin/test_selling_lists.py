"""Subscriptions and invoices of all customers: filtered, sorted and paged on the server."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from app.catalog.models import Price
from app.core import clock
from app.revenue.periods import today
from tests.cast import Browser
from tests.revenue.rows import customer, invoice
from tests.statements import counted


@pytest.fixture
def sold(nexus: Callable[..., Price]) -> None:
    ada = customer("Ada", nexus("growth"), annual=118800)
    customer("Bob", nexus("starter", "year"), status="trialing")
    canceled = {"canceled_at": clock.now(), "feedback": "unused"}
    customer("Cleo", nexus("pro", currency="eur"), status="canceled", **canceled)
    customer("Dora", nexus("pro"), status="incomplete", began_at=None)
    invoice(ada, "A-1", refused=1)
    invoice(ada, "A-2", status="paid", remaining_amount=0, issued_at=clock.now() - timedelta(days=3))
    invoice(ada, "A-3", status="void", currency="eur")


def rows(browser: Browser, address: str) -> list[str]:
    answer = browser.get(address)
    assert answer.status_code == 200
    return [link.get_text() for link in BeautifulSoup(answer.text, "html.parser").select("tbody td.lead")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Cleo", "Bob", "Ada"]),
        ("sort=oldest", ["Ada", "Bob", "Cleo"]),
        *[("state=paying", ["Ada"]), ("state=trialing", ["Bob"]), ("state=canceled", ["Cleo"])],
        *[("state=active&on=2026-01-01", []), ("on=2026-01-01", []), ("on={today}", ["Cleo", "Bob", "Ada"])],
        *[("plan=pro", ["Cleo"]), ("currency=EUR", ["Cleo"]), ("who=bob", ["Bob"]), ("who=cus_Ada", ["Ada"])],
        *[("reason=unused", ["Cleo"]), ("reason=none", []), ("first={today}&last={today}", ["Cleo"])],
        ("first=2026-01-01&last=2026-01-31", []),
        ("on=9999-12-31&state=paying", ["Cleo", "Bob", "Ada"][2:]),
    ],
)
def test_subscriptions_are_found_by_what_is_known_of_them(sam: Browser, sold: None, query: str, found: list[str]):
    names = [name.split()[0] for name in rows(sam, f"/admin/subscriptions?{query.format(today=today())}")]
    assert names == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["A-3", "A-1", "A-2"]),
        ("sort=oldest", ["A-2", "A-1", "A-3"]),
        *[("state=open", ["A-1"]), ("state=overdue", ["A-1"]), ("state=paid", ["A-2"]), ("state=failed", ["A-1"])],
        *[("about=A-2", ["A-2"]), ("about=in_A-1", ["A-1"]), ("currency=eur", ["A-3"]), ("who=nobody", [])],
        ("first={today}", ["A-3", "A-1"]),
        ("state=failed&last=2026-01-01", []),
        ("first=nonsense&state=nonsense", ["A-3", "A-1", "A-2"]),
    ],
)
def test_invoices_are_found_by_what_is_known_of_them(sam: Browser, sold: None, query: str, found: list[str]):
    assert rows(sam, f"/admin/invoices?{query.format(today=today())}") == found


@pytest.mark.parametrize("address", ["/admin/subscriptions", "/admin/invoices"])
def test_an_empty_list_says_what_comes(sam: Browser, address: str):
    assert "The first one appears" in sam.get(address).text or "makes the first one" in sam.get(address).text
    assert "matches these filters" in sam.get(f"{address}?who=nobody").text


@pytest.mark.parametrize("address", ["/admin/subscriptions", "/admin/invoices", "/admin/movements"])
def test_a_page_of_many_costs_no_more_statements(sam: Browser, sold: None, nexus: Callable[..., Price], address: str):
    sam.get(address)
    with counted() as few:
        sam.get(address)
    for number in range(60):
        invoice(customer(f"Customer {number}", nexus("pro"), annual=358800), f"C-{number}")
    with counted() as many:
        page = sam.get(address).text
    assert len(many) == len(few) <= 6
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert len(rows(sam, following)) > 10
