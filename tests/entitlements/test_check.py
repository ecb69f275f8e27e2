"""POST /api/v1/entitlements/check: may this much more be used, and how much is left?"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.subscriptions.models import Subscription
from app.usage import budgets
from app.usage.models import UsageEvent
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.programs import Program
from tests.statements import counted

Subscribe = Callable[..., None]


@pytest.fixture
def program(ada: Browser, nexus: Callable[..., Price]) -> Program:
    return Program(ada)


def check(program: Program, meter: str = "renders", **question: Any) -> dict[str, Any]:
    answer = program.post("/entitlements/check", {"meter": meter, **question})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def use(program: Program, quantity: float, meter: str = "renders") -> None:
    body = {"id": f"{meter}-{quantity}", "meter": meter, "quantity": quantity}
    assert program.post("/usage/events", body).status_code == 200


def test_the_answer_says_all_a_program_needs(program: Program):
    use(program, 5)
    answer = check(program, estimate=3)
    resets_at = answer.pop("resets_at")
    assert answer == {
        "allowed": True,
        "reason": "within_limit",
        "limit": 20,
        "used": 5,
        "remaining": 15,
        "budget": None,
        "value": None,
    }
    assert resets_at > clock.now().isoformat()


def test_one_more_is_the_estimate_of_who_says_none(program: Program):
    use(program, 19)
    assert check(program)["allowed"]
    use(program, 1)
    assert not check(program)["allowed"]


@pytest.mark.parametrize(
    ("used", "estimate", "allowed", "reason"),
    [
        (0, 20, True, "within_limit"),
        (0, 21, False, "exceeds_remaining"),
        (20, 0, True, "within_limit"),
        (20, 1, False, "limit_reached"),
        (25, 0, False, "limit_reached"),
        (0, "20", True, "within_limit"),
        (0, 20.0, True, "within_limit"),
    ],
)
def test_a_hard_limit_denies(program: Program, used: int, estimate: Any, allowed: bool, reason: str):
    if used:
        use(program, used)
    answer = check(program, estimate=estimate)
    assert (answer["allowed"], answer["reason"]) == (allowed, reason)


def test_a_soft_limit_warns(program: Program):
    answer = check(program, "views", estimate=10_001)
    assert (answer["allowed"], answer["reason"]) == (True, "over_soft_limit")


def test_a_billable_limit_sells(ada: Browser, program: Program, subscribe: Subscribe):
    subscribe(ada, "growth")
    answer = check(program, "ai_generations", estimate=5_001)
    assert (answer["allowed"], answer["reason"], answer["limit"]) == (True, "overage", 5000)


def test_fractions_of_what_is_measured_stay_exact(program: Program):
    use(program, 0.1, "bandwidth_gb")
    use(program, 0.2, "bandwidth_gb")
    answer = check(program, "bandwidth_gb", estimate=4.7)
    assert (answer["allowed"], answer["used"], answer["remaining"]) == (True, 0.3, 4.7)


def test_an_upgrade_raises_the_limit_at_once(ada: Browser, program: Program, subscribe: Subscribe):
    use(program, 20)
    assert not check(program)["allowed"]
    subscribe(ada, "growth")
    answer = check(program)
    assert (answer["allowed"], answer["limit"]) == (True, 1000)


def test_a_paused_plan_leaves_the_limits_of_free(ada: Browser, program: Program, subscribe: Subscribe):
    subscribe(ada, "growth")
    db.session.execute(update(Subscription).values(status="paused"))
    db.session.commit()
    assert check(program)["limit"] == 20


def test_while_access_is_restricted_nothing_is_allowed(ada: Browser, program: Program, subscribe: Subscribe):
    subscribe(ada, "growth")
    since = clock.now() - timedelta(days=8)
    db.session.execute(update(Subscription).values(status="past_due", past_due_since=since))
    db.session.commit()
    answer = check(program)
    assert (answer["allowed"], answer["reason"], answer["limit"]) == (False, "restricted", 1000)


def test_during_grace_all_goes_on(ada: Browser, program: Program, subscribe: Subscribe):
    subscribe(ada, "growth")
    db.session.execute(update(Subscription).values(status="past_due", past_due_since=clock.now()))
    db.session.commit()
    assert check(program)["reason"] == "within_limit"


@pytest.mark.parametrize(
    ("question", "code", "reason"),
    [
        ({"meter": "teleports"}, "unknown_meter", None),
        ({"meter": "renders", "estimate": -1}, "wrong_estimate", "negative_quantity"),
        ({"meter": "renders", "estimate": 0.5}, "wrong_estimate", "fractional_quantity"),
        ({"meter": "renders", "estimate": 10**18}, "wrong_estimate", "quantity_too_large"),
        ({"meter": "renders", "estimate": "1" * 30}, "wrong_estimate", "quantity_too_large"),
        ({"feature": "teleport"}, "unknown_feature", None),
    ],
)
def test_a_question_without_sense_is_refused(program: Program, question: dict[str, Any], code: str, reason: str | None):
    answer = program.post("/entitlements/check", question)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert [error["code"] for error in answer.get_json().get("errors", [])] == ([reason] if reason else [])


@pytest.mark.parametrize("estimate", [b"1e999999999", b"-1e999999999", b"1e-999999999"])
def test_a_monstrous_exponent_is_only_a_number(program: Program, estimate: bytes):
    answer = program.post_raw("/entitlements/check", b'{"meter": "renders", "estimate": ' + estimate + b"}")
    assert answer.get_json()["code"] == "wrong_estimate"


def test_an_exponent_without_end_is_no_number(program: Program):
    answer = program.post_raw("/entitlements/check", b'{"meter": "renders", "estimate": 1e99999999999999999999}')
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_json")


def statements_of(ask: Callable[[], object]) -> int:
    ask()
    with counted() as statements:
        ask()
    return len(statements)


def many_events(organization_id: int, number: int) -> Iterator[dict[str, Any]]:
    now = clock.now()
    shared = {"organization_id": organization_id, "meter_key": "renders", "quantity": 1, "occurred_at": now}
    return ({**shared, "event_id": f"e{index}", "is_timed": True} for index in range(number))


def test_a_check_costs_two_statements_however_much_was_counted(
    ada: Browser, program: Program, subscribe: Subscribe, sandbox: Sandbox
):
    assert statements_of(lambda: check(program)) <= 2
    subscribe(ada, "growth")
    db.session.execute(insert(UsageEvent), list(many_events(ada.organization.id, 2000)))
    db.session.commit()
    assert statements_of(lambda: check(program)) <= 2


def test_what_a_plan_gives_costs_two_statements_as_well(program: Program):
    assert statements_of(lambda: program.get("/entitlements")) <= 2
    assert statements_of(lambda: program.post("/entitlements/check", {"feature": "sso"})) <= 2


# Budgets: where the organization itself wants to stop


def budget(browser: Browser, amount: int, meter: str = "renders", *, stops: bool = True) -> None:
    budgets.set_to(browser.organization, meter, Decimal(amount), [], stops=stops)
    db.session.commit()


@pytest.mark.parametrize(
    ("used", "estimate", "allowed", "reason", "remaining"),
    [
        (5, 5, True, "within_limit", 5),
        (5, 6, False, "exceeds_budget", 5),
        (10, 1, False, "budget_reached", 0),
        (10, 0, True, "within_limit", 0),
        (15, 1, False, "budget_reached", 0),
    ],
)
def test_a_budget_that_stops_denies(
    ada: Browser, program: Program, used: int, estimate: int, allowed: bool, reason: str, remaining: int
):
    budget(ada, 10)
    use(program, used)
    answer = check(program, estimate=estimate)
    assert (answer["allowed"], answer["reason"], answer["remaining"]) == (allowed, reason, remaining)
    assert (answer["budget"], answer["limit"]) == (10, 20)
    assert answer["resets_at"] > clock.now().isoformat()


def test_a_budget_that_only_tells_denies_nothing(ada: Browser, program: Program):
    budget(ada, 10, stops=False)
    use(program, 15)
    answer = check(program)
    assert (answer["allowed"], answer["budget"], answer["remaining"]) == (True, None, 5)


def test_a_budget_stops_what_would_be_sold(ada: Browser, program: Program, subscribe: Subscribe):
    subscribe(ada, "growth")
    budget(ada, 6_000, "ai_generations")
    use(program, 5_500, "ai_generations")
    assert check(program, "ai_generations", estimate=500)["reason"] == "overage"
    answer = check(program, "ai_generations", estimate=501)
    assert (answer["allowed"], answer["reason"]) == (False, "exceeds_budget")


def test_the_plans_own_limit_is_named_where_it_comes_first(ada: Browser, program: Program):
    budget(ada, 500, "ai_generations")
    use(program, 50, "ai_generations")
    answer = check(program, "ai_generations")
    assert (answer["reason"], answer["budget"]) == ("limit_reached", None)


def test_a_budget_that_is_taken_away_denies_no_more(ada: Browser, program: Program):
    budget(ada, 10)
    use(program, 10)
    budgets.remove(ada.organization, "renders")
    db.session.commit()
    assert check(program)["allowed"]


def test_a_check_with_a_budget_costs_two_statements_as_well(ada: Browser, program: Program):
    budget(ada, 10)
    assert statements_of(lambda: check(program)) <= 2
