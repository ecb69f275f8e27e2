from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from app.catalog import service
from app.catalog.models import Price
from app.catalog.service import Holding
from app.organizations.models import Role
from tests.cast import Browser
from tests.statements import counted

from .conftest import SMALL

Nexus = Callable[..., Price]


def page(browser: Browser, address: str = "/plans") -> BeautifulSoup:
    answer = browser.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def card(soup: BeautifulSoup, plan: str) -> Tag:
    found = soup.find(id=f"plan-{plan}")
    assert isinstance(found, Tag)
    return found


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def button(tag: Tag) -> Tag:
    found = tag.select_one(".button")
    assert found is not None
    return found


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Callable[[Price], None]:
    """Say what the organization on show has, as the room of subscriptions does."""

    def hold(price: Price, plan: str = "growth", **underway: Any) -> None:
        until = datetime(2026, 12, 1, tzinfo=UTC)
        held = Holding(plan_key=plan, price_public_id=price.public_id, paid_until=until, **underway)
        monkeypatch.setattr(service, "holdings", [lambda: held])

    return hold


def test_a_visitor_sees_the_plans_in_order(client: Browser, nexus: Nexus) -> None:
    soup = page(client)
    assert words(soup.h1 or Tag(name="h1")) == "Choose a plan"
    assert [words(h2) for h2 in soup.select(".plan h2")] == ["Free", "Starter", "Growth", "Pro", "Enterprise"]
    assert "$99.00 per month" in words(card(soup, "growth"))
    assert "5,000 AI generations, then $0.02 each" in words(card(soup, "growth"))
    assert "First 14 days free" in words(card(soup, "starter"))


def test_a_visitor_who_chooses_signs_up_and_goes_on_to_checkout(client: Browser, nexus: Nexus) -> None:
    soup = page(client)
    choose = button(card(soup, "growth"))
    assert words(choose) == "Choose Growth"
    assert choose["href"] == f"/signup?next=/checkout/{nexus('growth').public_id}"
    assert button(card(soup, "free"))["href"] == "/signup"
    sales = button(card(soup, "enterprise"))
    assert (words(sales), sales["href"]) == ("Contact sales", "mailto:support@counterfoil.example?subject=Enterprise")


def test_yearly_shows_the_year_the_month_and_the_saving(client: Browser, nexus: Nexus) -> None:
    soup = page(client, "/plans?interval=year")
    toggle = soup.select_one("nav[aria-label='Billing interval']")
    assert toggle is not None
    assert words(toggle) == "Monthly Yearly 2 months free"
    assert [words(link) for link in toggle.select("[aria-current]")] == ["Yearly 2 months free"]
    assert "$990.00 per year, 2 months free $82.50 a month" in words(card(soup, "growth"))
    assert button(card(soup, "growth"))["href"] == f"/signup?next=/checkout/{nexus('growth', 'year').public_id}"


def test_another_currency_is_an_address(client: Browser, nexus: Nexus) -> None:
    soup = page(client, "/plans?currency=eur")
    assert "€99.00" in words(card(soup, "growth"))
    assert "then €0.02 each" in words(card(soup, "growth"))
    link = soup.select_one("nav[aria-label='Billing interval'] a:last-child")
    assert link is not None
    assert link["href"] == "/plans?interval=year&currency=eur"


@pytest.mark.parametrize(
    "query", ["interval=day", "currency=gbp", "interval=&currency=", "currency=%00", "interval=year'"]
)
def test_what_is_not_sold_in_the_address_is_passed_over(client: Browser, nexus: Nexus, query: str) -> None:
    assert "$" in words(card(page(client, f"/plans?{query}"), "growth"))


def test_the_comparison_has_a_row_for_every_meter_and_feature(client: Browser, app: Any, loaded: Any) -> None:
    loaded("agents")
    rows = [words(row) for row in page(client).select("table tbody tr")]
    assert rows[0] == "Agents 1 5 25 Unlimited"
    assert "Single sign-on No No No Yes" in rows
    assert rows[-1] == "Support Community support Email support Priority support Dedicated support"


def test_a_member_without_a_subscription_has_the_free_plan(cleo: Browser, nexus: Nexus) -> None:
    soup = page(cleo)
    free = button(card(soup, "free"))
    assert words(free) == "Current plan"
    assert free.has_attr("disabled")
    assert button(card(soup, "growth"))["href"] == f"/checkout/{nexus('growth').public_id}"


def test_a_role_that_may_not_buy_is_told_whom_to_ask(ada: Browser, person: Any, nexus: Nexus) -> None:
    dora = person("Dora", ada.organization, Role.MEMBER)
    growth = card(page(dora), "growth")
    assert button(growth).has_attr("disabled")
    assert "Ask an admin of your organization" in words(growth)


def test_the_plan_one_has_says_so_and_the_others_lead_to_a_change(ada: Browser, nexus: Nexus, holding: Any) -> None:
    holding(nexus("growth", "year", "eur"))
    soup = page(ada)
    assert "€990.00" in words(card(soup, "growth"))
    assert words(button(card(soup, "growth"))) == "Current plan"
    assert soup.find("nav", attrs={"aria-label": "Currency"}) is None
    pro = card(soup, "pro")
    change = f"/subscription/change/{nexus('pro', 'year', 'eur').public_id}"
    assert (words(button(pro)), button(pro)["href"]) == ("Choose Pro", change)
    assert "Begins on" not in words(pro)
    assert "Begins on 1 Dec 2026" in words(card(soup, "starter"))
    free = button(card(soup, "free"))
    assert (words(free), free["href"]) == ("Choose Free", "/subscription/cancel")


def test_the_other_interval_of_the_current_plan_is_a_change_and_says_what_is_paid(
    ada: Browser, nexus: Nexus, holding: Any
) -> None:
    holding(nexus("growth"))
    growth = card(page(ada, "/plans?interval=year"), "growth")
    change = f"/subscription/change/{nexus('growth', 'year').public_id}"
    assert (words(button(growth)), button(growth)["href"]) == ("Choose Growth", change)
    assert "You pay $99.00 a month for it." in words(growth)
    assert "Begins on" not in words(growth)


def test_a_year_of_a_cheaper_plan_begins_when_what_is_paid_ends(ada: Browser, nexus: Nexus, holding: Any) -> None:
    holding(nexus("growth"))
    soup = page(ada, "/plans?interval=year")
    assert "Begins on 1 Dec 2026" in words(card(soup, "starter"))
    assert "Begins on" not in words(card(soup, "pro"))


def test_what_is_scheduled_or_waits_says_so_instead_of_being_offered(ada: Browser, nexus: Nexus, holding: Any) -> None:
    holding(nexus("growth"), scheduled=nexus("starter").public_id)
    starter = button(card(page(ada), "starter"))
    assert (words(starter), starter["href"]) == ("Scheduled for 1 Dec 2026", "/subscription")
    holding(nexus("growth"), waiting=nexus("pro").public_id)
    pro = button(card(page(ada), "pro"))
    assert (words(pro), pro["href"]) == ("Waits for payment", "/subscription")


def test_a_plan_that_ends_can_be_kept_and_free_is_not_offered_again(ada: Browser, nexus: Nexus, holding: Any) -> None:
    holding(nexus("growth"), ends_at=datetime(2026, 12, 1, tzinfo=UTC))
    soup = page(ada)
    growth, free = card(soup, "growth"), card(soup, "free")
    assert (words(button(growth)), button(growth)["href"]) == ("Keep Growth", "/subscription")
    assert "Ends on 1 Dec 2026." in words(growth)
    assert words(button(free)) == "Begins on 1 Dec 2026"
    assert button(free).has_attr("disabled")


def test_a_plan_that_is_not_listed_any_more_is_still_ones_own(
    ada: Browser, nexus: Nexus, loaded: Any, holding: Any
) -> None:
    holding(nexus("growth"))
    loaded(SMALL)
    solo = card(page(ada), "solo")
    assert "Begins on 1 Dec 2026" in words(solo)


def test_a_plan_sold_by_the_month_only_says_so_among_yearly_ones(client: Browser, loaded: Any) -> None:
    loaded(SMALL + '\n[[plans]]\nkey = "duo"\nname = "Duo"\nprices.usd = { month = 2000 }')
    assert "$20.00 per month Sold by the month only" in words(card(page(client, "/plans?interval=year"), "duo"))


def test_without_a_catalogue_the_page_says_what_staff_must_do(client: Browser) -> None:
    main = page(client).main
    assert main is not None
    assert "No plans yet" in words(main)
    assert "portal catalog load" in words(main)


def test_an_address_no_price_can_have_is_not_found(cleo: Browser, nexus: Nexus) -> None:
    assert cleo.get("/checkout/%00").status_code == 404


def test_names_from_the_file_are_shown_as_text(client: Browser, loaded: Any) -> None:
    loaded(SMALL.replace('name = "Solo"', "name = '<script>alert(1)</script>'"))
    assert "&lt;script&gt;alert(1)" in client.get("/plans").text


def test_a_visit_asks_the_database_one_thing_for_the_catalogue(client: Browser, nexus: Nexus) -> None:
    page(client)
    with counted() as sent:
        page(client)
    assert len(sent) == 1


def test_a_members_visit_stays_within_six_statements(cleo: Browser, nexus: Nexus) -> None:
    page(cleo)
    with counted() as sent:
        page(cleo)
    assert len(sent) <= 5
