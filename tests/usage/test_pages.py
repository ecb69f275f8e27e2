"""The page of usage: every meter in words, the days as a chart with its table, a file for a spreadsheet."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from app.catalog.models import CatalogVersion, Limit, Meter, Plan
from app.core import clock
from app.core.extensions import db
from app.organizations.models import Role
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.statements import counted
from tests.usage.uses import use

Subscribe = Callable[..., None]
TODAY = "{:%Y-%m-%d}"


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Free includes 50 AI generations (hard), 10,000 views (soft), 1 GB of storage (hard, a level)."""


def page(browser: Browser, address: str = "/usage", **query: str) -> BeautifulSoup:
    answer = browser.get(address, query_string=query)
    assert answer.status_code == 200, answer.text[:500]
    return BeautifulSoup(answer.text, "html.parser")


def words(found: Any) -> str:
    assert isinstance(found, Tag)
    return " ".join(found.get_text(" ").split())


def meter(browser: Browser, key: str) -> str:
    return words(page(browser).find(id=f"meter-{key}"))


def days(found: BeautifulSoup) -> dict[str, str]:
    rows = (row.find_all("td") for row in found.select("#usage-days details tbody tr"))
    return {lead.text: amount.text for lead, amount in rows}


def test_a_meter_says_what_is_used_included_and_left(ada: Browser):
    use(ada, "ai_generations", 12)
    told = meter(ada, "ai_generations")
    assert "AI generations 12 of 50 used, 38 left" in told
    assert "Resets on" in told
    assert "At the limit no more is allowed." in told


@pytest.mark.parametrize(
    ("key", "used", "state", "tone"),
    [
        ("ai_generations", 41, "82% used", "tone-info"),
        ("ai_generations", 46, "92% used", "tone-warning"),
        ("ai_generations", 50, "Limit reached", "tone-danger"),
        ("views", 10_000, "All included used", "tone-warning"),
        ("views", 10_500, "Beyond what is included", "tone-warning"),
    ],
)
def test_a_state_is_told_in_words_and_its_bar_has_the_tone_of_its_badge(
    ada: Browser, key: str, used: int, state: str, tone: str
):
    use(ada, key, used)
    found = page(ada).select_one(f"#meter-{key} .meter")
    badge = found.select_one(".badge") if found else None
    assert found is not None
    assert badge is not None
    assert (badge.text, badge["class"], found["class"]) == (state, ["badge", tone], ["meter", tone])


def test_use_beyond_a_limit_that_lets_nothing_pass_still_counts(ada: Browser):
    use(ada, "ai_generations", 55)
    assert "At the limit no more is allowed; what is reported still counts." in meter(ada, "ai_generations")


@pytest.mark.parametrize(("used", "has_way"), [(49, False), (50, True)])
def test_a_limit_that_is_reached_has_the_larger_plans_beside_it(ada: Browser, used: int, has_way: bool):
    use(ada, "ai_generations", used)
    found = page(ada).select_one('#meter-ai_generations a[href="/plans"]')
    assert (found is not None) is has_way


def test_a_level_says_what_is_in_use_and_never_resets(ada: Browser):
    use(ada, "storage_gb", "0.75")
    told = meter(ada, "storage_gb")
    assert "0.75 of 1 GB in use, 0.25 GB left" in told
    assert "The last value reported counts." in told
    assert "Resets" not in told


def test_what_goes_beyond_and_is_sold_says_what_it_costs(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    use(ada, "ai_generations", 5_400)
    told = meter(ada, "ai_generations")
    assert "5,400 used, 400 beyond the 5,000 included" in told
    assert "What is beyond it costs $0.02 each." in told
    assert "400 beyond so far: $8.00 before tax." in told


def test_an_unlimited_meter_has_no_bar(ada: Browser):
    free = db.select(Plan.id).where(Plan.key == "free").scalar_subquery()
    db.session.execute(
        db.update(Limit).where(Limit.plan_id == free, Limit.meter_key == "ai_generations").values(amount=None)
    )
    db.session.execute(db.update(CatalogVersion).values(version="unlimited"))
    use(ada, "ai_generations", 7)
    found = page(ada).find(id="meter-ai_generations")
    assert isinstance(found, Tag)
    assert "7 used, no limit" in words(found)
    assert found.find("meter") is None


def test_what_a_plan_does_not_include_says_so(ada: Browser):
    db.session.execute(db.delete(Limit).where(Limit.meter_key == "renders"))
    db.session.execute(db.update(CatalogVersion).values(version="none"))
    db.session.commit()
    assert "Not in your plan" in meter(ada, "renders")


def test_use_at_this_pace_is_foretold_with_its_price(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    sandbox.turn_clock("10 days")
    clock.refresh()
    use(ada, "ai_generations", 3_000)
    told = meter(ada, "ai_generations")
    assert "At this pace about 9," in told
    assert "about $8" in told


def test_nothing_is_foretold_in_the_first_hours_of_a_window(ada: Browser):
    use(ada, "ai_generations", 20)
    assert "At this pace" not in meter(ada, "ai_generations")


def test_the_days_of_this_window_add_up(ada: Browser, sandbox: Sandbox):
    first = clock.now()
    use(ada, "ai_generations", 5)
    sandbox.turn_clock("2 days")
    clock.refresh()
    use(ada, "ai_generations", 3)
    assert list(days(page(ada)).values()) == ["5", "0", "3"]
    assert "8 in all." in words(page(ada).find(id="usage-days"))
    assert f"{first:%-d} " in next(iter(days(page(ada))))


def test_the_last_window_is_the_one_before(ada: Browser, sandbox: Sandbox):
    use(ada, "ai_generations", 5)
    sandbox.turn_clock("1 month")
    clock.refresh()
    use(ada, "ai_generations", 3)
    amounts = list(days(page(ada, range="last")).values())
    assert (amounts[0], sum(map(int, amounts[:-1]))) == ("5", 5)


def test_on_the_day_of_a_purchase_page_and_file_say_the_same(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    sandbox.turn_clock("2 days")
    clock.refresh()
    use(ada, "ai_generations", 5)
    sandbox.turn_clock("1 second")
    clock.refresh()
    subscribe(ada, "growth")
    today = clock.now().date()
    found = page(ada)
    in_file = [row["used"] for row in rows(ada, today, today) if row["meter"] == "ai_generations"]
    assert list(days(found).values()) == in_file == ["5"]
    assert "0 of 5,000 used" in words(found.find(id="meter-ai_generations"))
    told = words(found.find(id="usage-days"))
    assert "This window began on" in told
    assert "Its first day is shown whole, with what was counted before that." in told


def test_the_last_window_names_its_moments(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    sandbox.turn_clock("2 days")
    clock.refresh()
    use(ada, "ai_generations", 5)
    subscribe(ada, "growth")
    sandbox.turn_clock("2 months")
    clock.refresh()
    use(ada, "ai_generations", 5)
    sandbox.turn_clock("1 month")
    clock.refresh()
    told = words(page(ada, range="last").find(id="usage-days"))
    assert "This window lasted from" in told
    assert "UTC. Its first and its last day are shown whole" in told


def test_a_window_that_begins_with_the_organization_has_nothing_beside_it(ada: Browser):
    use(ada, "ai_generations", 5)
    assert "This window began" not in words(page(ada).find(id="usage-days"))


@pytest.fixture
def restricted(ada: Browser, subscribe: Subscribe) -> None:
    subscribe(ada, "growth")
    since = clock.now() - timedelta(days=8)
    db.session.execute(db.update(Subscription).values(status="past_due", past_due_since=since))
    db.session.commit()


def test_while_access_is_restricted_the_meters_say_so_once_and_name_the_way_out(ada: Browser, restricted: None):
    told = [words(note) for note in page(ada).select("#usage-meters .notice")]
    assert told == [
        "Access is restricted Until the overdue payment arrives, programs that ask are told no, whatever is left here. "
        "What is reported still counts. See invoices"
    ]


def test_a_level_stays_on_days_that_say_nothing(ada: Browser, sandbox: Sandbox):
    use(ada, "storage_gb", "0.5")
    sandbox.turn_clock("3 days")
    clock.refresh()
    use(ada, "storage_gb", "0.25")
    today = clock.now().date()
    chosen = {"from": str(today - timedelta(days=2)), "to": str(today + timedelta(days=1))}
    assert list(days(page(ada, meter="storage_gb", **chosen)).values()) == ["0.5 GB", "0.5 GB", "0.25 GB", "0 GB"]


def test_days_can_be_chosen(ada: Browser):
    use(ada, "views", 40)
    today = clock.now().date()
    found = page(ada, meter="views", **{"from": str(today - timedelta(days=1)), "to": str(today)})
    assert list(days(found).values()) == ["0", "40"]


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-03-02", "2026-03-01", "The last day is before the first."),
        ("2024-01-01", "2026-01-01", "Choose at most 366 days."),
        ("0001-01-01", "2026-01-01", "Choose a day between 2000 and 2199."),
        ("nonsense", "2026-01-01", "Not a valid date value."),
        ("", "2026-01-01", "Choose the first day as well."),
    ],
)
def test_days_that_make_no_sense_are_explained_beside_this_window(ada: Browser, first: str, last: str, sentence: str):
    use(ada, "ai_generations", 5)
    found = page(ada, **{"from": first, "to": last})
    assert sentence in words(found.find(id="usage-days"))
    assert "5" in days(found).values()


def test_an_unknown_meter_or_range_shows_the_first_meter(ada: Browser):
    use(ada, "views", 1)
    found = page(ada, meter="\x00'--", range="../etc")
    assert words(found.find(id="days")) == "AI generations day by day"


def test_who_never_reported_is_told_how(ada: Browser):
    told = words(page(ada).find("main"))
    assert "Nothing has been counted yet." in told
    assert "curl http" in told
    assert "/api/v1/usage/events" in told
    assert page(ada).find("a", href="/settings/api-keys") is not None


def test_a_member_reads_the_meters(ada: Browser, person: Callable[..., Browser]):
    mia = person("Mia", ada.organization, Role.MEMBER)
    use(ada, "ai_generations", 12)
    assert "12 of 50 used" in meter(mia, "ai_generations")


def test_another_organizations_use_is_not_shown(ada: Browser, cleo: Browser):
    use(ada, "ai_generations", 12)
    assert "0 of 50 used" in meter(cleo, "ai_generations")


def test_the_meters_are_asked_for_again_alone(ada: Browser):
    use(ada, "ai_generations", 12)
    answer = ada.get("/usage/meters", headers={"HX-Request": "true"})
    found = BeautifulSoup(answer.text, "html.parser")
    assert [child.get("id") for child in found.find_all(recursive=False)] == ["usage-meters"]
    assert ada.get("/usage/meters").location == "/usage"


def test_another_range_brings_the_days_alone(ada: Browser):
    answer = ada.get("/usage?range=30-days", headers={"HX-Request": "true"})
    assert [child.get("id") for child in BeautifulSoup(answer.text, "html.parser").find_all(recursive=False)] == [
        "usage-days"
    ]


def test_the_page_takes_six_statements_whatever_was_counted(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    counts = []
    for quantity in (0, 5):
        for key in ("ai_generations", "views", "storage_gb"):
            use(ada, key, quantity)
        for address in ("/usage", "/"):
            ada.get(address)
            with counted() as statements:
                ada.get(address)
            counts.append(len(statements))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 6


def test_the_overview_shows_the_meters_nearest_to_their_limits(ada: Browser):
    use(ada, "renders", 19)
    use(ada, "ai_generations", 41)
    brief = page(ada, "/").find(attrs={"aria-labelledby": "usage-brief"})
    assert isinstance(brief, Tag)
    assert [words(item.find("strong")) for item in brief.find_all("li")][:2] == [
        "Renders 95% used",
        "AI generations 82% used",
    ]


# The file


def rows(browser: Browser, first: date, last: date) -> list[dict[str, str]]:
    answer = browser.get("/usage/days.csv", query_string={"from": str(first), "to": str(last)})
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_the_file_has_every_meter_on_every_day(ada: Browser):
    use(ada, "storage_gb", "0.75")
    today = clock.now().date()
    found = rows(ada, today - timedelta(days=1), today)
    meters = db.session.scalar(db.select(db.func.count(Meter.id)))
    assert len(found) == 2 * (meters or 0)
    row = next(row for row in found if row["meter"] == "storage_gb" and row["day"] == str(today))
    assert row == {"day": str(today), "meter": "storage_gb", "name": "storage", "used": "0.75", "unit": "GB"}


def test_the_file_has_a_name_that_says_what_is_in_it(ada: Browser):
    answer = ada.get("/usage/days.csv?from=2026-03-01&to=2026-03-31")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="usage-2026-03-01-2026-03-31.csv"'
    assert answer.content_type == "text/csv; charset=utf-8"


def test_no_cell_of_the_file_is_a_formula(ada: Browser):
    db.session.execute(db.update(Meter).where(Meter.key == "renders").values(name="=HYPERLINK(1)", unit="@SUM"))
    db.session.execute(db.update(CatalogVersion).values(version="formula"))
    db.session.commit()
    today = clock.now().date()
    row = next(row for row in rows(ada, today, today) if row["meter"] == "renders")
    assert (row["name"], row["unit"]) == ("'=HYPERLINK(1)", "'@SUM")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Choose the first day and the last."),
        ("to=2026-01-01", "Choose the first day as well."),
        ("from=2026-02-01&to=2026-01-01", "The last day is before the first."),
        ("from=2020-01-01&to=2026-01-01", "Choose at most 366 days."),
    ],
)
def test_a_file_of_days_that_make_no_sense_is_refused_in_words(ada: Browser, query: str, sentence: str):
    answer = ada.get(f"/usage/days.csv?{query}")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'href="/usage#usage-days"' in answer.text


def test_from_a_first_day_alone_it_is_until_today(ada: Browser):
    use(ada, "views", 40)
    today = clock.now().date()
    first = str(today - timedelta(days=2))
    assert list(days(page(ada, meter="views", **{"from": first})).values()) == ["0", "0", "40"]
    name = ada.get("/usage/days.csv", query_string={"from": first}).headers["Content-Disposition"]
    assert f"usage-{first}-{today}.csv" in name


def test_a_visitor_is_asked_to_sign_in(client: Browser):
    assert [client.get(address).status_code for address in ("/usage", "/usage/meters", "/usage/days.csv")] == [302] * 3
