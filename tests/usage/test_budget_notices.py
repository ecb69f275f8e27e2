"""Mails at the levels of a budget: each once for a window and an amount, to those who look after billing."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task
from app.organizations.models import Role
from app.usage import budgets
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work
from tests.statements import counted
from tests.usage.uses import use, use_twice_at_once

ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Free includes 50 AI generations (hard), 10,000 views (soft), 1 GB of storage (hard, a level)."""


def budget(
    browser: Browser,
    amount: str | int = 1_000,
    *levels: int,
    meter: str = "views",
    stops: bool = False,
) -> None:
    budgets.set_to(browser.organization, meter, Decimal(amount), levels or (80, 100), stops=stops)
    db.session.commit()


def told() -> list[str]:
    found = db.select(Task.payload["context"]["level"].astext).where(Task.key.startswith("budget_notice"))
    return list(db.session.scalars(found.order_by(Task.id)))


def test_each_level_is_told_once_on_the_way_up(ada: Browser, mailbox: Mailbox):
    budget(ada, 1_000, 50, 90, 100)
    for _ in range(11):
        use(ada, "views", 100)
    work()
    assert mailbox.subjects(ADA)[::-1] == [
        "50% of your budget for views used",
        "90% of your budget for views used",
        "Your budget for views is reached",
    ]


def test_a_jump_tells_the_highest_alone(ada: Browser):
    budget(ada, 1_000, 50, 80, 100)
    use(ada, "views", 5_000)
    use(ada, "views", 1)
    assert told() == ["100"]


def test_admins_and_billing_people_are_told_and_members_are_not(
    ada: Browser, bob: Browser, person: Callable[..., Browser], mailbox: Mailbox
):
    person("Mia", ada.organization, Role.MEMBER)
    budget(ada)
    use(ada, "views", 1_000)
    work()
    assert [len(mailbox.to(f"{name}@example.com")) for name in ("ada", "bob", "mia")] == [1, 1, 0]


def test_a_level_that_is_behind_already_is_no_news(ada: Browser):
    use(ada, "views", 900)
    budget(ada)
    use(ada, "views", 50)
    assert told() == []
    use(ada, "views", 50)
    assert told() == ["100"]


def test_an_amount_that_goes_down_and_up_again_is_told_once(ada: Browser):
    budget(ada, "0.5", meter="storage_gb")
    use(ada, "storage_gb", "0.45")
    budget(ada, "0.2", meter="storage_gb")
    use(ada, "storage_gb", "0.1")
    budget(ada, "0.5", meter="storage_gb")
    use(ada, "storage_gb", "0.45")
    assert told() == ["80"]


def test_a_new_amount_has_levels_of_its_own(ada: Browser):
    budget(ada)
    use(ada, "views", 800)
    budget(ada, 2_000)
    use(ada, "views", 800)
    assert told() == ["80", "80"]


def test_a_removed_budget_tells_nobody(ada: Browser):
    budget(ada)
    budgets.remove(ada.organization, "views")
    db.session.commit()
    use(ada, "views", 1_000)
    assert told() == []


def test_a_new_window_tells_anew(ada: Browser, sandbox: Sandbox):
    budget(ada)
    use(ada, "views", 800)
    sandbox.turn_clock("1 month")
    clock.refresh()
    use(ada, "views", 800)
    assert told() == ["80", "80"]


def test_two_programs_at_once_tell_once(app: Flask, ada: Browser):
    budget(ada)
    use(ada, "views", 700)
    use_twice_at_once(app, ada, "views", 100)
    assert told() == ["80"]


@pytest.mark.parametrize(
    ("used", "stops", "sentence", "action"),
    [
        (800, False, "Nothing stops at the budget.", "See your usage"),
        (800, True, "At the budget your programs are told to stop.", "See your usage"),
        (1_000, True, "Your programs are told to stop until", "Change the budget"),
    ],
)
def test_a_mail_says_what_happens_at_the_budget_and_has_one_action(
    ada: Browser, mailbox: Mailbox, used: int, stops: bool, sentence: str, action: str
):
    budget(ada, stops=stops)
    use(ada, "views", used)
    work()
    (mail,) = mailbox.to(ADA)
    assert sentence in mail["text"]
    assert f"{action}:" in mail["text"]
    assert mail["html"].count('class="button"') == 1


def test_a_mail_about_what_is_sold_names_what_it_cost_so_far(
    ada: Browser, subscribe: Callable[..., None], mailbox: Mailbox
):
    subscribe(ada, "growth")
    mailbox.empty()
    budget(ada, 6_000, 90, meter="ai_generations")
    use(ada, "ai_generations", 5_500)
    work()
    mail = next(mail for mail in mailbox.to(ADA) if "budget" in mail["subject"])
    assert "Beyond your plan so far, before tax: $10.00" in mail["text"]


def test_counting_costs_no_more_with_a_budget(ada: Browser):
    def statements() -> int:
        with counted() as found:
            use(ada, "views", 1)
        return len(found)

    use(ada, "views", 1)
    before = statements()
    budget(ada)
    assert statements() == before
