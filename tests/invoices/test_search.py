"""What the list of invoices finds, and in which order."""

from dataclasses import replace
from datetime import UTC, date, datetime

from app.invoices import search
from app.invoices.search import Filters
from tests.cast import Browser
from tests.invoices.records import LINE, OPEN, kept, numbered, paid


def numbers(browser: Browser, filters: Filters | None = None) -> list[str]:
    found = search.page(browser.organization, filters or Filters())
    return [invoice.number for invoice in found.invoices]


def test_the_newest_comes_first_and_strangers_see_nothing(ada: Browser, cleo: Browser) -> None:
    for n in (2, 1, 3):
        kept(ada.organization, numbered(n))
    assert numbers(ada) == ["CFL-0003", "CFL-0002", "CFL-0001"]
    assert numbers(cleo) == []


def test_words_are_looked_for_in_numbers_and_descriptions(ada: Browser) -> None:
    kept(ada.organization, numbered(1))
    kept(ada.organization, numbered(2, lines=(replace(LINE, description="1 × Starter_50%"),)))
    assert numbers(ada, Filters(text="fl-0001")) == ["CFL-0001"]
    assert numbers(ada, Filters(text="starter")) == ["CFL-0002"]
    assert numbers(ada, Filters(text="r_5")) == ["CFL-0002"]
    assert numbers(ada, Filters(text="%")) == ["CFL-0002"]
    assert numbers(ada, Filters(text="enterprise")) == []


def test_a_status_narrows_the_list(ada: Browser) -> None:
    kept(ada.organization, paid(numbered(1)))
    kept(ada.organization, numbered(2, attempt_count=1))
    kept(ada.organization, numbered(3))
    assert numbers(ada, Filters(status="paid")) == ["CFL-0001"]
    assert numbers(ada, Filters(status="open")) == ["CFL-0003", "CFL-0002"]
    assert numbers(ada, Filters(status="overdue")) == ["CFL-0002"]


def test_days_are_those_of_the_organizations_time_zone(ada: Browser) -> None:
    ada.organization.timezone = "Pacific/Auckland"
    kept(ada.organization, replace(OPEN, issued_at=datetime(2026, 10, 31, 12, tzinfo=UTC)))  # 1 November there
    assert numbers(ada, Filters(first_day=date(2026, 11, 1), last_day=date(2026, 11, 1))) == ["CFL-0001"]
    assert numbers(ada, Filters(last_day=date(2026, 10, 31))) == []


def test_pages_lead_to_older_and_back_without_a_gap(ada: Browser) -> None:
    for n in range(1, 2 * search.PER_PAGE + 4):
        kept(ada.organization, numbered(n))
    first = search.page(ada.organization, Filters())
    second = search.page(ada.organization, Filters(), older_than=first.older)
    third = search.page(ada.organization, Filters(), older_than=second.older)
    assert [len(page.invoices) for page in (first, second, third)] == [search.PER_PAGE, search.PER_PAGE, 3]
    assert first.newer is None
    assert third.older is None
    back = search.page(ada.organization, Filters(), newer_than=third.newer)
    assert back.invoices == second.invoices
    assert search.page(ada.organization, Filters(), newer_than=back.newer).newer is None


def test_what_is_open_is_summed_by_currency(ada: Browser) -> None:
    kept(ada.organization, numbered(1, attempt_count=1))
    kept(ada.organization, numbered(2))
    kept(ada.organization, numbered(3, currency="jpy"))
    kept(ada.organization, paid(numbered(4)))
    yen, dollars = search.unpaid(ada.organization)
    assert (yen.due.format(), yen.overdue.format()) == ("¥9,900", "¥0")
    assert (dollars.due.format(), dollars.overdue.format()) == ("$198.00", "$99.00")


def test_what_others_owe_is_not_summed(ada: Browser, cleo: Browser) -> None:
    kept(ada.organization, numbered(1))
    assert search.unpaid(cleo.organization) == []
