"""Mails near the limit: at 80, 90 and 100 %, each once for a window and a meter, to those who look after billing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.catalog.models import CatalogVersion, Limit, Plan
from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task
from app.organizations.models import Role
from app.usage.refusals import EventsRefused
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work
from tests.subscriptions.leaving import cancel
from tests.usage.uses import use, use_twice_at_once

ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Free includes 50 AI generations (hard), 10,000 views (soft), 20 renders (hard), 1 GB of storage."""


def subjects(mailbox: Mailbox, address: str = ADA) -> list[str]:
    work()
    return mailbox.subjects(address)[::-1]


def notices() -> list[str]:
    found = db.select(Task.payload["context"]["level"].astext).where(Task.key.startswith("usage_notice"))
    return list(db.session.scalars(found.order_by(Task.id)))


def test_each_level_is_told_once_on_the_way_up(ada: Browser, mailbox: Mailbox):
    for _ in range(10):
        use(ada, "ai_generations", 5)
    assert subjects(mailbox) == [
        "80% of your AI generations used",
        "90% of your AI generations used",
        "Your limit for AI generations is reached",
    ]


def test_a_jump_over_several_levels_tells_the_highest_alone(ada: Browser, mailbox: Mailbox):
    use(ada, "ai_generations", 35)
    use(ada, "ai_generations", 15)
    use(ada, "ai_generations", 1)
    assert subjects(mailbox) == ["Your limit for AI generations is reached"]


def test_below_eighty_percent_nobody_is_told(ada: Browser):
    use(ada, "ai_generations", 39)
    assert notices() == []


def test_admins_and_billing_people_are_told_and_members_are_not(
    ada: Browser, bob: Browser, person: Callable[..., Browser], mailbox: Mailbox
):
    person("Mia", ada.organization, Role.MEMBER)
    use(ada, "ai_generations", 50)
    told = [len(subjects(mailbox, f"{name}@example.com")) for name in ("ada", "bob", "mia")]
    assert told == [1, 1, 0]


def test_a_level_that_falls_and_rises_again_is_told_once(ada: Browser):
    for stored in ("0.85", "0.2", "0.85", "0.95", "0.1", "0.82"):
        use(ada, "storage_gb", stored)
    assert notices() == ["80", "90"]


def test_a_new_window_tells_anew(ada: Browser, sandbox: Sandbox):
    use(ada, "ai_generations", 40)
    sandbox.turn_clock("1 month")
    clock.refresh()
    use(ada, "ai_generations", 40)
    assert notices() == ["80", "80"]


def test_what_happened_in_a_window_that_is_over_is_no_news(ada: Browser, sandbox: Sandbox):
    before = clock.now()
    sandbox.turn_clock("1 month")
    clock.refresh()
    use(ada, "ai_generations", 50, before + timedelta(hours=1))
    assert notices() == []


def test_a_larger_plan_in_the_same_window_tells_of_its_own_limit(ada: Browser):
    use(ada, "ai_generations", 45)
    _free_includes(100)
    use(ada, "ai_generations", 36)
    assert notices() == ["90", "80"]


def test_who_is_beyond_the_limit_by_a_smaller_plan_is_told_with_the_next_event(
    ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox
):
    subscribe(ada, "growth")
    use(ada, "storage_gb", 5)
    cancel(ada)
    for step in ("1 month", "1 day"):
        sandbox.turn_clock(step)
        clock.refresh()
        work(sandbox)
    for _ in range(2):
        use(ada, "storage_gb", 5)
    assert notices() == ["100"]


def test_without_a_limit_nobody_is_told(ada: Browser):
    _free_includes(None)
    use(ada, "ai_generations", 1_000_000)
    assert notices() == []


def test_what_a_plan_does_not_include_is_no_limit_that_comes_near(ada: Browser):
    _free_includes(0)
    use(ada, "ai_generations", 1)
    assert notices() == []


def _free_includes(amount: int | None) -> None:
    """Of AI generations, from now on."""
    free = db.select(Plan.id).where(Plan.key == "free").scalar_subquery()
    mine = db.update(Limit).where(Limit.plan_id == free, Limit.meter_key == "ai_generations")
    db.session.execute(mine.values(amount=amount))
    db.session.execute(db.update(CatalogVersion).values(version=f"with {amount}"))
    db.session.commit()


@pytest.mark.parametrize(
    ("meter", "quantity", "sentence", "action"),
    [
        ("ai_generations", 40, "At the limit no more is possible on your plan.", "See your usage"),
        ("ai_generations", 50, "More is not possible on your plan.", "Compare plans"),
        ("views", 10_000, "Nothing stops at the limit, but a larger plan may suit you better.", "See your usage"),
    ],
)
def test_a_mail_says_what_happens_at_the_limit_and_has_one_action(
    ada: Browser, mailbox: Mailbox, meter: str, quantity: int, sentence: str, action: str
):
    use(ada, meter, quantity)
    subjects(mailbox)
    (mail,) = mailbox.to(ADA)
    assert sentence in mail["text"]
    assert f"{action}:" in mail["text"]
    assert mail["html"].count('class="button"') == 1


def test_a_mail_about_what_is_sold_names_its_price(ada: Browser, subscribe: Callable[..., None], mailbox: Mailbox):
    subscribe(ada, "growth")
    mailbox.empty()
    use(ada, "ai_generations", 4_000)
    subjects(mailbox)
    assert "What you use beyond that costs $0.02 each, on your next invoice." in mailbox.to(ADA)[0]["text"]


def test_a_mail_about_what_is_sold_says_what_is_beyond_already(
    ada: Browser, subscribe: Callable[..., None], mailbox: Mailbox
):
    subscribe(ada, "growth")
    mailbox.empty()
    use(ada, "ai_generations", 6_234)
    subjects(mailbox)
    (mail,) = mailbox.to(ADA)
    so_far = "1,234 beyond that cost $24.68 before tax so far, on your next invoice; what follows costs $0.02 each."
    assert so_far in mail["text"]
    assert "Beyond your plan so far, before tax: $24.68" in mail["text"]
    assert "$24.68" in mail["html"]


def test_a_subject_says_how_much_is_used_and_not_which_level_was_passed(ada: Browser, mailbox: Mailbox):
    use(ada, "ai_generations", 49)
    assert subjects(mailbox) == ["98% of your AI generations used"]


@pytest.mark.parametrize(
    ("meter", "quantity", "sentence"),
    [
        ("ai_generations", "41", "has used 41 AI generations; its plan includes 50."),
        ("storage_gb", "0.85", "has used 0.85 GB of storage; its plan includes 1 GB."),
    ],
)
def test_a_mail_names_what_was_used(ada: Browser, mailbox: Mailbox, meter: str, quantity: str, sentence: str):
    use(ada, meter, quantity)
    subjects(mailbox)
    assert sentence in mailbox.to(ADA)[0]["text"]


def test_a_mail_says_that_use_beyond_a_hard_limit_counts(ada: Browser, mailbox: Mailbox):
    use(ada, "ai_generations", 55)
    subjects(mailbox)
    assert "What is reported still counts." in mailbox.to(ADA)[0]["text"]


def test_two_programs_at_once_tell_once(app: Flask, ada: Browser):
    use(ada, "ai_generations", 30)
    use_twice_at_once(app, ada, "ai_generations", 10)
    assert notices() in (["80", "100"], ["100"])


def test_a_refused_batch_tells_nobody(ada: Browser):
    with pytest.raises(EventsRefused):
        use(ada, "ai_generations", -50)
    db.session.rollback()
    assert notices() == []
