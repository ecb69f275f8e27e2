"""What is written down: who, what, when, in which request; and what survives a refusal."""

from flask import Flask

from app.audit import service
from app.audit.context import Actor, act_as
from app.core.extensions import db


def test_background_work_is_done_by_the_system(app: Flask) -> None:
    service.write("invoice.paid", "inv_1", organization_id=7)
    db.session.commit()
    entry = service.timeline(7)[0]
    assert (entry.actor, entry.user_id, entry.request_id, entry.data) == ("system", None, None, {})


def test_an_entry_names_who_acted(app: Flask) -> None:
    act_as(Actor("usr_ada", 3))
    service.write("plan.changed", "sub_1", organization_id=7, data={"to": "pro"})
    db.session.commit()
    entry = service.timeline(7)[0]
    assert (entry.actor, entry.user_id, entry.subject, entry.data) == ("usr_ada", 3, "sub_1", {"to": "pro"})


def test_a_rollback_takes_an_entry_along_but_not_one_written_apart(app: Flask) -> None:
    service.write("plan.changed", "sub_1", organization_id=7)
    service.write_apart("access.denied", "org_1", organization_id=7)
    db.session.rollback()
    assert [entry.action for entry in service.timeline(7)] == ["access.denied"]


def test_a_timeline_is_newest_first_and_only_ones_own(app: Flask) -> None:
    for number in range(5):
        service.write("thing.done", f"x_{number}", organization_id=7)
        service.write("thing.done", f"y_{number}", organization_id=8)
        db.session.flush()
    assert [entry.subject for entry in service.timeline(7, limit=3)] == ["x_4", "x_3", "x_2"]
