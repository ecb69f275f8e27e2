"""The budget of a meter: set, changed and removed by who looks after billing, and shown beside the meter."""

from collections.abc import Callable
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.organizations.models import Role
from app.usage import budgets
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.usage.uses import use

Subscribe = Callable[..., None]
AI = "/usage/budgets/ai_generations"


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Free includes 50 AI generations (hard), 10,000 views (soft), 1 GB of storage (hard, a level)."""


def save(browser: Browser, meter: str = "ai_generations", amount: str = "40", **fields: Any) -> TestResponse:
    form = {"amount": amount, "levels": ["80", "100"], "at_end": "go_on", **fields}
    return browser.post(f"/usage/budgets/{meter}", data=form)


def words(found: Any) -> str:
    assert isinstance(found, Tag)
    return " ".join(found.get_text(" ").split())


def meter(browser: Browser, key: str = "ai_generations") -> Tag:
    found = BeautifulSoup(browser.get("/usage").text, "html.parser").find(id=f"meter-{key}")
    assert isinstance(found, Tag)
    return found


def page(answer: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def entered(answer: TestResponse) -> dict[str, list[str]]:
    """What the form has: its text, its ticks and its choice."""
    chosen: dict[str, list[str]] = {}
    for box in page(answer).select("#budget-form input[name]"):
        if box.get("type") == "text" or box.has_attr("checked"):
            chosen.setdefault(str(box["name"]), []).append(str(box["value"]))
    return chosen


def entries(action: str) -> list[dict[str, Any]]:
    return list(db.session.scalars(db.select(Entry.data).where(Entry.action == action).order_by(Entry.id)))


def test_the_meter_leads_to_its_budget(ada: Browser):
    link = meter(ada).find("a", href=AI)
    assert isinstance(link, Tag)
    assert link["aria-label"] == "Set budget for AI generations"
    assert words(page(ada.get(AI)).find("h1")) == "Budget for AI generations"


def test_a_budget_stands_beside_its_meter(ada: Browser):
    use(ada, "ai_generations", 12)
    answer = save(ada)
    assert (answer.status_code, answer.location) == (303, "/usage#meter-ai_generations")
    assert "The budget for AI generations is 40 now." in ada.get("/usage").text
    found = meter(ada)
    assert "Budget 40 of 50 included; 28 of it left." in words(found)
    assert [str(mark["x"]) for mark in found.select(".meter-mark rect")] == ["80.00%"]
    assert "Change budget" in words(found)


def test_where_a_budget_is_heading_is_foretold(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    sandbox.turn_clock("10 days")
    clock.refresh()
    use(ada, "ai_generations", 2_000)
    save(ada, amount="4,000")
    assert "Budget 4,000 of 5,000 included; at this pace reached on about" in words(meter(ada))


def test_a_budget_beyond_what_is_included_makes_the_bar_longer(ada: Browser):
    use(ada, "views", 5_000)
    save(ada, "views", "20000")
    found = meter(ada, "views")
    assert [(str(bar["max"]), str(bar["value"])) for bar in found.select("meter")] == [("20000", "5000")]
    assert [str(mark["x"]) for mark in found.select(".meter-mark rect")] == ["100.00%"]
    assert str(found.select(".meter-mark line")[-1]["x1"]) == "50.00%"


@pytest.mark.parametrize(
    ("at_end", "state"),
    [
        ("go_on", "The budget of 40 is reached; it stops nothing."),
        ("stop", "The budget of 40 is reached; your programs are told to stop until"),
    ],
)
def test_a_budget_that_is_reached_says_what_that_means(ada: Browser, at_end: str, state: str):
    save(ada, at_end=at_end)
    use(ada, "ai_generations", 41)
    found = words(meter(ada))
    assert "Budget reached" in found
    assert state in found


def test_the_plans_limit_is_named_where_both_are_reached(ada: Browser):
    save(ada, at_end="stop")
    use(ada, "ai_generations", 50)
    assert "Limit reached" in words(meter(ada))


def test_the_form_begins_with_what_is_set(ada: Browser):
    assert entered(ada.get(AI)) == {"amount": [""], "levels": ["80", "100"], "at_end": ["go_on"]}
    save(ada, amount="30", levels=["50"], at_end="stop")
    assert entered(ada.get(AI)) == {"amount": ["30"], "levels": ["50", "100"], "at_end": ["stop"]}


def test_a_budget_is_changed(ada: Browser):
    save(ada)
    save(ada, amount="20")
    assert "Budget 20 of 50 included; 20 of it left." in words(meter(ada))
    assert [entry["amount"] for entry in entries("usage.budget_set")] == ["40", "20"]


def test_a_form_that_comes_twice_changes_nothing(ada: Browser):
    save(ada)
    assert save(ada).status_code == 303
    assert entries("usage.budget_set") == [
        {"meter": "ai_generations", "amount": "40", "levels": [80, 100], "stops": False}
    ]


def test_two_who_set_a_budget_at_once_set_one(ada: Browser, bob: Browser):
    answers: list[int] = []
    threads = [Thread(target=lambda who=who: answers.append(save(who).status_code)) for who in (ada, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303]
    assert len(entries("usage.budget_set")) == 1


def test_a_removed_budget_can_be_set_again_as_it_was(ada: Browser):
    save(ada, amount="30", levels=["50"])
    for _ in range(2):
        assert ada.post(f"{AI}/removal").location == "/usage#meter-ai_generations"
    assert "Budget" not in words(meter(ada)).replace("Set budget", "")
    assert entries("usage.budget_removed") == [{"meter": "ai_generations"}]
    assert entered(ada.get(AI)) == {"amount": ["30"], "levels": ["50"], "at_end": ["go_on"]}
    save(ada, amount="30", levels=["50"])
    assert "Budget 30 of 50 included; 30 of it left." in words(meter(ada))


def test_removing_what_is_not_there_is_no_matter(ada: Browser):
    assert ada.post(f"{AI}/removal").status_code == 303
    assert entries("usage.budget_removed") == []


@pytest.mark.parametrize(
    ("meter", "amount", "sentence"),
    [
        ("ai_generations", "", "Enter an amount."),
        ("ai_generations", "-5", "Enter an amount above zero."),
        ("ai_generations", "0", "Enter an amount above zero."),
        ("ai_generations", "2.5", "This meter counts whole things."),
        ("ai_generations", "forty", "Enter a number, such as 8,000."),
        ("ai_generations", "1e3", "Enter a number, such as 8,000."),
        ("ai_generations", "NaN", "Enter a number, such as 8,000."),
        ("ai_generations", "--", "Enter a number, such as 8,000."),
        ("ai_generations", "4\x000", "Enter a number, such as 8,000."),
        ("ai_generations", "51", "Your plan stops at 50, so this budget would never be reached."),
        ("views", str(10**18), "A quantity has at most fifteen digits before the point."),
        ("views", "1" * 41, "Use at most 40 characters."),
        ("bandwidth_gb", "0.0000000000001", "A quantity has at most 12 decimals."),
    ],
)
def test_an_amount_without_sense_is_explained_and_kept(ada: Browser, meter: str, amount: str, sentence: str):
    answer = save(ada, meter, amount, levels=["50"], at_end="stop")
    assert answer.status_code == 422
    assert sentence in words(page(answer).find(id="amount-error"))
    kept = entered(answer)
    assert (kept["levels"], kept["at_end"], len(kept["amount"][0])) == (["50"], ["stop"], len(amount))
    assert budgets.of(ada.organization, meter) is None


@pytest.mark.parametrize("fields", [{"levels": ["81"]}, {"levels": ["high"]}, {"at_end": "explode"}, {"levels": []}])
def test_a_choice_that_does_not_exist_is_refused(ada: Browser, fields: dict[str, Any]):
    assert save(ada, **fields).status_code == 422
    assert budgets.of(ada.organization, "ai_generations") is None


def test_who_stops_is_told_in_any_case(ada: Browser):
    save(ada, levels=[], at_end="stop")
    assert entries("usage.budget_set")[0]["levels"] == [100]


def test_a_measured_meter_takes_a_fraction(ada: Browser):
    save(ada, "bandwidth_gb", "2.5")
    saved = budgets.of(ada.organization, "bandwidth_gb")
    assert saved is not None
    assert saved.amount == Decimal("2.5")


@pytest.mark.parametrize(("locale", "written"), [("de_DE", "8.000"), ("fr_FR", "8\u202f000"), ("en_GB", "8,000")])
def test_amounts_are_read_as_they_are_written(ada: Browser, locale: str, written: str):
    ada.organization.locale = locale
    db.session.commit()
    save(ada, "views", written)
    saved = budgets.of(ada.organization, "views")
    assert saved is not None
    assert saved.amount == 8000
    assert entered(ada.get("/usage/budgets/views"))["amount"] == [written]


def test_what_a_budget_costs_is_told_while_it_is_typed(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")

    def cost(amount: str) -> str:
        answer = ada.get(f"{AI}/cost", query_string={"amount": amount}, headers={"HX-Request": "true"})
        return words(page(answer).find(id="budget-cost"))

    assert cost("8,000") == "3,000 beyond the 5,000 your plan includes: $60.00 before tax."
    assert cost("5,000") == "Within the 5,000 your plan includes: nothing more to pay."
    assert cost("-1") == cost("many") == ""
    assert ada.get(f"{AI}/cost").location == AI
    save(ada, amount="8,000")
    assert "Budget 8,000, $60.00 before tax beyond your plan; 8,000 of it left." in words(meter(ada))
    assert "$60.00 before tax" in words(page(ada.get(AI)).find(id="budget-cost"))


def test_htmx_gets_the_form_alone_or_is_sent_on(ada: Browser):
    headers = {"HX-Request": "true"}
    refused = ada.post(AI, data={"amount": "x"}, headers=headers)
    assert refused.status_code == 422
    assert [child.get("id") for child in page(refused).find_all(recursive=False)] == ["budget-form"]
    done = ada.post(AI, data={"amount": "40", "levels": "80", "at_end": "go_on"}, headers=headers)
    assert done.headers["HX-Redirect"] == "/usage#meter-ai_generations"


def test_billing_people_may_and_members_may_not(ada: Browser, bob: Browser, person: Callable[..., Browser]):
    mia = person("Mia", ada.organization, Role.MEMBER)
    assert save(bob).status_code == 303
    assert [mia.get(AI).status_code, save(mia).status_code, mia.post(f"{AI}/removal").status_code] == [403] * 3
    told = words(meter(mia))
    assert "Budget 40 of 50 included; 40 of it left." in told
    assert "Change budget" not in told


def test_another_organizations_budget_is_its_own(ada: Browser, cleo: Browser):
    save(ada)
    assert "Budget 40" not in words(meter(cleo))
    cleo.post(f"{AI}/removal")
    assert "Budget 40" in words(meter(ada))


@pytest.mark.parametrize("key", ["teleports", "%00", "a%27--"])
def test_what_is_no_meter_has_no_budget(ada: Browser, key: str):
    assert ada.get(f"/usage/budgets/{key}").status_code == 404
    assert save(ada, key).status_code == 404


def test_a_smaller_plan_stops_before_the_budget(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    save(ada, "renders", "500")
    db.session.execute(db.text("UPDATE subscriptions SET status = 'paused'"))
    db.session.commit()
    assert "Budget 500: your plan stops before that." in words(meter(ada, "renders"))
    assert save(ada, "renders", "500").status_code == 422


def test_the_timeline_tells_of_a_budget(ada: Browser):
    save(ada)
    found = words(page(ada.get("/")).find(class_="timeline"))
    assert "Budget set" in found
    assert "AI generations, 40" in found
