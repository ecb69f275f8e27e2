"""Background work as staff see it: found, read, tried again, given up."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.audit.models import Entry
from app.core import clock, leases
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import commit
from tests.admin.pressing import at_once, form, press, told, walk
from tests.cast import Browser
from tests.statements import counted

Record = Callable[..., int]
LIST = "/admin/tasks"
RETRY = "/admin/tasks/retry"
DISCARD = "/admin/tasks/discard"


def the(number: int) -> Task:
    db.session.expire_all()
    return db.session.get_one(Task, number)


def entries(action: str) -> list[Entry]:
    return list(db.session.scalars(db.select(Entry).where(Entry.action == action)))


def test_an_empty_table_says_so(sam: Browser):
    assert "No work has been recorded yet." in sam.get(LIST).text


def test_each_queue_is_told_in_figures(sam: Browser, record: Record):
    record("a", queue="documents")
    record("b", queue="documents")
    page = sam.get(LIST).text
    assert "2 parked" in page
    assert "/admin/tasks?state=parked&amp;queue=documents" in page


@pytest.mark.parametrize(
    "query", ["state=parked", "queue=mail", "kind=send_mail", "named=receipt:inv_1", "named=1", "named=send_mail:1"]
)
def test_tasks_are_found_by_what_is_known_of_them(sam: Browser, record: Record, query: str):
    record("receipt:inv_1")
    record("other", kind="render_invoice", queue="documents", state=TaskState.DONE)
    page = sam.get(f"{LIST}?{query}").text
    assert ("receipt:inv_1" in page, "render_invoice:2" in page) == (True, False)


@pytest.mark.parametrize(
    "query",
    ["state=lost", "queue=%00", "named=" + "9" * 90, "named=%C2%B2", "named=%00", "before=" + "9" * 200, "after=x"],
)
def test_a_filter_that_means_nothing_breaks_nothing(sam: Browser, record: Record, query: str):
    record()
    assert sam.get(f"{LIST}?{query}").status_code == 200


@pytest.mark.parametrize("sort", ["newest", "oldest", "due", "kind"])
def test_the_pages_of_a_list_show_each_row_once(sam: Browser, record: Record, monkeypatch, sort: str):
    monkeypatch.setattr("app.admin.lists.PER_PAGE", 2)
    names = [str(record(f"key {n}", kind=f"kind_{n % 2}")) for n in range(5)]
    forwards = walk(sam, f"{LIST}?sort={sort}&state=parked", "next")
    assert sorted(name for page in forwards[0] for name in page) == sorted(names)
    assert walk(sam, forwards[1], "prev")[0][::-1] == forwards[0]


@pytest.mark.parametrize("rows", [1, 40])
def test_a_list_asks_little_however_long_it_is(sam: Browser, record: Record, rows: int):
    numbers = [record(f"key {n}") for n in range(rows)]
    with counted() as statements:
        assert sam.get(f"{LIST}?state=parked&after={numbers[-1]}").status_code == 200
    assert len(statements) <= 6


def test_a_task_is_shown_without_names_and_addresses(sam: Browser, record: Record):
    page = sam.get(f"{LIST}/{record(last_error='Refused: <ada@example.com>')}").text
    assert "receipt" in page
    assert "ada@example.com" not in page
    assert "&#34;Ada&#34;" not in page


def test_who_tried_again_is_shown(sam: Browser, record: Record):
    number = record()
    press(sam, RETRY, number)
    page = sam.get(f"{LIST}/{number}").text
    assert "Tried again at once" in page
    assert sam.user.public_id in page


@pytest.mark.parametrize("number", ["999", "9" * 30, "-1", "x", "%00"])
def test_a_task_nobody_has_is_not_found(sam: Browser, number: str):
    assert sam.get(f"{LIST}/{number}").status_code == 404


def test_a_parked_task_is_tried_again(sam: Browser, record: Record):
    number = record(begun=2)
    assert "1 task is tried again now." in told(sam, press(sam, RETRY, number))
    assert (the(number).state, the(number).attempts, the(number).begun) == (TaskState.PENDING, 0, 0)
    (entry,) = entries("task.retried")
    assert (entry.subject, entry.actor) == (f"send_mail:{number}", sam.user.public_id)


def waiting(record: Record) -> int:
    in_a_while = clock.wall() + timedelta(minutes=8)
    return record(state=TaskState.PENDING, attempts=8, retry_at=in_a_while, finished_at=None)


def test_one_that_waits_after_a_failure_is_tried_at_once(sam: Browser, record: Record):
    number = waiting(record)
    press(sam, RETRY, number)
    assert (the(number).retry_at, the(number).attempts) == (None, 8)


def test_one_that_a_worker_has_is_left_to_it(sam: Browser, record: Record):
    number = waiting(record)
    db.session.execute(db.update(Task).values(lease_owner="worker", lease_until=clock.wall() + leases.LEASE))
    commit()
    assert "Nothing was left to do" in told(sam, press(sam, RETRY, number))
    assert the(number).retry_at is not None


def test_a_press_that_arrives_twice_counts_once_and_answers_alike(sam: Browser, record: Record):
    number, token = record(), "t" * 22
    first = told(sam, press(sam, RETRY, number, token=token))
    db.session.execute(db.update(Task).values(state=TaskState.PARKED))
    commit()
    for page in (first, told(sam, press(sam, RETRY, number, token=token))):
        assert "1 task is tried again now." in page
    assert the(number).state == TaskState.PARKED


def test_two_who_press_at_once_try_it_once(sam: Browser, person, record: Record):
    number = record()
    sue = person("Sue", "Counterfoil", is_staff=True)
    at_once([lambda who=who: press(who, RETRY, number) for who in (sam, sue)])
    assert len(entries("task.retried")) == 1


def test_one_who_retries_and_one_who_discards_at_once_do_not_both(sam: Browser, person, record: Record):
    number = record()
    sue = person("Sue", "Counterfoil", is_staff=True)
    at_once([lambda: press(sam, RETRY, number), lambda: press(sue, DISCARD, number, reason="no")])
    assert len(entries("task.retried") + entries("task.discarded")) == 1


def test_giving_up_asks_why_first(sam: Browser, record: Record):
    number = record()
    answer = press(sam, DISCARD, number)
    assert (answer.status_code, the(number).state) == (200, TaskState.PARKED)
    assert "Discard 1 task?" in answer.text


def test_a_task_is_given_up_for_a_reason_and_emptied(sam: Browser, record: Record):
    number = record()
    assert "1 task was discarded." in told(sam, press(sam, DISCARD, number, reason="wrong address"))
    assert (the(number).state, the(number).payload) == (TaskState.DISCARDED, {})
    (entry,) = entries("task.discarded")
    assert (entry.actor, entry.data) == (sam.user.public_id, {"reason": "wrong address"})


@pytest.mark.parametrize("reason", ["", "x" * 201, "of\x00ada"])
def test_a_reason_must_be_one_short_line(sam: Browser, record: Record, reason: str):
    number = record()
    assert press(sam, DISCARD, number, reason=reason).status_code == 422
    assert the(number).state == TaskState.PARKED


@pytest.mark.parametrize("name", ["x", "-1", "999", "9" * 30, "²"])
def test_an_unknown_task_is_none(sam: Browser, record: Record, name: str):
    number = record()
    assert press(sam, RETRY, name).status_code == 303
    assert the(number).state == TaskState.PARKED


def test_without_its_csrf_token_nothing_is_done(sam: Browser, record: Record):
    number = record()
    assert sam.post(RETRY, data=form(number), csrf=False).status_code == 400
    assert the(number).state == TaskState.PARKED
