"""POST /api/v1/usage/events: one event or many, all or none."""

from datetime import timedelta

import pytest

from app.core import clock
from app.core.extensions import db
from tests.cast import Browser
from tests.usage.reporting import Program, used


@pytest.fixture
def program(ada: Browser, nexus) -> Program:
    return Program(ada)


def test_one_event_is_an_object(ada: Browser, program: Program):
    answer = program.send({"id": "a", "meter": "renders"})
    assert (answer.status_code, answer.get_json()) == (200, {"new": 1, "repeated": 0})
    assert used(ada) == 1


def test_many_events_are_a_list(ada: Browser, program: Program):
    batch = [{"id": f"e{number}", "meter": "renders", "quantity": 2} for number in range(1000)]
    assert program.send(batch).get_json() == {"new": 1000, "repeated": 0}
    assert program.send(batch).get_json() == {"new": 0, "repeated": 1000}
    assert used(ada) == 2000


def test_fractions_stay_exact(ada: Browser, program: Program):
    program.send_raw(
        b'[{"id": "a", "meter": "bandwidth_gb", "quantity": 0.1}, {"id": "b", "meter": "bandwidth_gb", "quantity": "0.2"}]'
    )
    assert str(used(ada, "bandwidth_gb")) == "0.3"


def test_an_id_with_another_payload_is_a_conflict(ada: Browser, program: Program):
    program.send({"id": "a", "meter": "renders", "quantity": 1})
    answer = program.send([{"id": "b", "meter": "renders"}, {"id": "a", "meter": "renders", "quantity": 2}])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "event_id_reused")
    assert [error["index"] for error in answer.get_json()["errors"]] == [1]
    assert used(ada) == 1


BAD = {
    "unknown_meter": {"meter": "teleports"},
    "negative_quantity": {"quantity": -1},
    "fractional_quantity": {"quantity": 0.5},
    "quantity_too_large": {"quantity": 10**18},
    "invalid_id": {"id": "a\x00"},
    "invalid_event": {"quantity": True},
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_event_is_named_and_nothing_counts(ada: Browser, program: Program, code: str):
    good = {"id": "good", "meter": "renders", "quantity": 1}
    answer = program.send([good, {**good, "id": "bad", **BAD[code]}])
    assert answer.status_code == 422
    assert [(error["index"], error["code"]) for error in answer.get_json()["errors"]] == [(1, code)]
    assert used(ada) == 0


@pytest.mark.parametrize(
    ("minutes", "code"), [(6, "in_the_future"), (-36 * 24 * 60, "window_closed")], ids=["future", "past"]
)
def test_an_event_of_another_time_is_refused(program: Program, minutes: int, code: str):
    at = (clock.now() + timedelta(minutes=minutes)).isoformat()
    answer = program.send({"id": "a", "meter": "renders", "occurred_at": at})
    assert [error["code"] for error in answer.get_json()["errors"]] == [code]


def test_the_first_year_is_too_long_ago_for_a_window_without_an_end(ada: Browser, program: Program):
    ada.organization.timezone = "America/New_York"
    db.session.commit()
    answer = program.send({"id": "a", "meter": "storage_gb", "occurred_at": "0001-01-01T00:00:00Z"})
    assert [error["code"] for error in answer.get_json()["errors"]] == ["window_closed"]


def test_an_event_a_little_ahead_counts(program: Program):
    at = (clock.now() + timedelta(minutes=4)).isoformat()
    assert program.send({"id": "a", "meter": "renders", "occurred_at": at}).status_code == 200


NOT_READ = {
    "nothing": (b"", 400),
    "not json": (b"{", 400),
    "an empty list": (b"[]", 422),
    "a number": (b"1", 422),
    "lists in lists": (b"[" * 100_000 + b"]" * 100_000, 400),
    "not a number": (b'{"id": "a", "meter": "renders", "quantity": NaN}', 400),
    "an exponent without end": (b'{"id": "a", "meter": "renders", "quantity": 1e1000000000000000000}', 400),
    "a nought of a million digits": (b'{"id": "a", "meter": "renders", "quantity": 0e999999}', 422),
    "a million decimals": (b'{"id": "a", "meter": "renders", "quantity": 0e-999999}', 422),
    "an instant of nowhere": (b'{"id": "a", "meter": "renders", "occurred_at": "2026-11-21T20:00:00"}', 422),
    "an instant before time": (b'{"id": "a", "meter": "renders", "occurred_at": "0001-01-01T00:00:00+14:00"}', 422),
    "a digit too many": (b'{"id": "a", "meter": "renders", "quantity": 1' + b"0" * 6000 + b"}", 400),
    "1,001 events": (b"[" + b",".join([b'{"id": "a", "meter": "renders"}'] * 1001) + b"]", 413),
    "ten megabytes": (b'"' + b"a" * 10_000_000 + b'"', 413),
}


@pytest.mark.parametrize("what", NOT_READ)
def test_what_cannot_be_read_is_a_problem(program: Program, what: str):
    body, status = NOT_READ[what]
    answer = program.send_raw(body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_the_document_describes_the_door(client: Browser):
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    assert paths["/api/v1/usage/events"]["post"]["requestBody"]["required"] is True
