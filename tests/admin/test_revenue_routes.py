"""The dashboard: figures that lead to exactly their rows, over a period that makes sense."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from app.catalog.models import Price
from app.core import clock
from app.revenue.models import Kind
from app.revenue.periods import today
from tests.cast import Browser
from tests.revenue.rows import customer, invoice, moves
from tests.statements import counted


@pytest.fixture
def busy(nexus: Callable[..., Price]) -> None:
    """One of everything within the last thirty days."""
    grows, leaves, tries = (customer(name, nexus("growth"), annual=118800) for name in ("Ada", "Bob", "Cleo"))
    moves(grows, clock.now(), 358800, 118800, status_before="active")
    leaves.status, tries.status = "canceled", "active"
    leaves.canceled_at, leaves.feedback = clock.now(), "too_expensive"
    moves(leaves, clock.now(), 0, 118800, kind=Kind.CHURN, status="canceled", status_before="active")
    moves(tries, clock.now(), 0, 118800, kind=Kind.CHURN, status="trialing", status_before="active")
    moves(tries, clock.now(), 34800, 0, kind=Kind.REACTIVATION, status_before="trialing")
    customer("Dora", nexus("growth", currency="eur"), annual=118800)
    invoice(grows, "A-1", refused=2)
    invoice(tries, "C-1", status="paid", subscription_stripe_id=tries.stripe_id)


def soup(browser: Browser, address: str) -> BeautifulSoup:
    answer = browser.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def words(page: BeautifulSoup) -> str:
    main = page.find("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def test_before_the_first_subscription_it_says_what_comes(sam: Browser):
    page = words(soup(sam, "/admin/"))
    assert "Nothing recurs yet." in page
    assert "Nobody canceled in this period." in page


def test_each_currency_has_figures_of_its_own(sam: Browser, busy: None):
    page = words(soup(sam, "/admin/"))
    assert "Monthly recurring revenue in USD $328.00" in page
    assert "Monthly recurring revenue in EUR €99.00" in page


@pytest.mark.parametrize("currency", ["", "&currency=eur"])
def test_every_count_leads_to_as_many_rows(sam: Browser, busy: None, currency: str):
    page = soup(sam, f"/admin/?period=30-days{currency}")
    counts = [(link, link) for link in page.select("main .stats dd > a")]
    counts += [(link, link.find_next("small")) for link in page.select("main .totals a")]
    counts += [(link, link.find_next("td")) for link in page.select("main td.lead a")]
    led = {str(link["href"]): int(count.get_text()) for link, count in counts if count.get_text().isdigit()}
    assert len(led) > 6
    assert {address: len(soup(sam, address).select("tbody tr")) for address in led} == led


def test_churn_leads_to_those_who_paid_at_the_beginning(sam: Browser, busy: None, nexus: Callable[..., Price]):
    passes = customer("Emil", nexus("growth"))
    moves(passes, clock.now(), 118800)
    moves(passes, clock.now(), 0, 118800, kind=Kind.CHURN, status="canceled", status_before="active")
    page = soup(sam, "/admin/?period=30-days")
    links = [link for link in page.select("main .stats dd > a") if link.get_text().endswith("%")][:2]
    assert [link.find_next("small").get_text() for link in links] == [  # type: ignore[union-attr]  # it is there
        "2 of the 3 who paid at the beginning",
        "$198.00 of the $297.00 at the beginning",
    ]
    for link in links:
        rows = soup(sam, str(link["href"])).select("tbody td.lead a")
        assert [row.get_text() for row in rows] == ["Cleo", "Bob"]


def test_the_sum_of_movements_leads_from_the_beginning_to_the_end(sam: Browser, busy: None):
    page = words(soup(sam, "/admin/"))
    assert "$297.00 New +$0.00" not in page
    for line in ("Expansion 1 +$200.00", "Reactivation 1 +$29.00", "Churn 2 −$198.00"):
        assert line in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first={tomorrow}", "That is in the future. Figures are known up to today"),
        ("first=2026-01-01&last={tomorrow}", "That is in the future."),
        ("first={today}&last={yesterday}", "The period ends before it begins."),
        ("first=1999-12-31", "Choose a day after 1999."),
        ("first=once&last=9999-99-99", "Not a valid date value."),
    ],
)
def test_a_period_that_makes_no_sense_is_said_so_and_kept(sam: Browser, query: str, sentence: str):
    days = {"today": today(), "tomorrow": today() + timedelta(days=1), "yesterday": today() - timedelta(days=1)}
    asked = query.format(**days)
    answer = sam.get(f"/admin/?{asked}")
    assert (answer.status_code, sentence in answer.text) == (422, True)
    for said in asked.split("&"):
        assert f'value="{said.split("=")[1]}"' in answer.text


@pytest.mark.parametrize("query", ["period=nonsense", "currency=%00", "currency=btc", "period=last-month&first="])
def test_nonsense_in_the_address_is_left_aside(sam: Browser, busy: None, query: str):
    assert sam.get(f"/admin/?{query}").status_code == 200


def test_until_a_day_alone_means_the_thirty_days_up_to_it(sam: Browser, busy: None):
    page = soup(sam, f"/admin/?first=&last={today()}")
    assert page.select_one("#first")["value"] == str(today() - timedelta(days=29))  # type: ignore[index]  # it is there


def test_one_day_is_a_period(sam: Browser, busy: None):
    page = words(soup(sam, f"/admin/?first={today()}&last={today()}"))
    assert "Expansion 1" in page
    assert "Subscriptions now" in page


def test_on_a_day_of_the_past_things_stand_as_they_stood(sam: Browser, busy: None):
    then = today() - timedelta(days=20)
    page = soup(sam, f"/admin/?first={then}&last={then}")
    assert "Monthly recurring revenue in USD $297.00" in words(page)
    rows = soup(sam, f"/admin/subscriptions?state=active&on={then}").select("tbody tr")
    assert len(rows) == 4


def test_a_dashboard_of_many_costs_no_more_statements(sam: Browser, busy: None, nexus: Callable[..., Price]):
    with counted() as few:
        sam.get("/admin/")
    for number in range(20):
        customer(f"Customer {number}", nexus("pro"), annual=358800)
    with counted() as many:
        sam.get("/admin/")
    assert len(many) == len(few) <= 6


def test_movements_are_found_by_what_is_known_of_them(sam: Browser, busy: None):
    for query, rows in {
        "kind=churn": 2,
        f"kind=churned&first={today()}": 2,
        f"kind=lost&first={today()}": 2,
        f"kind=lost&first={today() - timedelta(days=300)}": 0,
        "who=Ada": 2,
        "currency=EUR": 1,
        "kind=trials_converted": 1,
        "who=nobody": 0,
    }.items():
        assert len(soup(sam, f"/admin/movements?{query}").select("tbody tr")) == rows, query
    assert "No movement matches" in sam.get("/admin/movements?who=nobody").text
