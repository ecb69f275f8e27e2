"""One door, one transaction, and no call to Stripe in the middle of one."""

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.core import tasks
from app.core.extensions import db
from app.core.tasks import Task
from app.core.transactions import abandon, apart, commit, release
from app.organizations.models import Organization


def organizations() -> int:
    with apart() as session:
        return session.query(Organization).count()


def test_an_error_page_rolls_everything_back(app: Flask):
    with app.test_request_context(base_url=app.extensions["settings"].public_url):
        app.preprocess_request()
        db.session.add(Organization(name="Never"))
        db.session.flush()
        app.process_response(app.make_response(("no", 422)))
    assert organizations() == 0


def test_a_good_answer_commits(app: Flask):
    with app.test_request_context(base_url=app.extensions["settings"].public_url):
        app.preprocess_request()
        db.session.add(Organization(name="Kept"))
        app.process_response(app.make_response("yes"))
    assert organizations() == 1


def test_what_is_written_apart_survives_the_error(app: Flask):
    with apart() as session:
        session.add(Organization(name="Survivor"))
    abandon()
    assert organizations() == 1


def test_a_call_to_stripe_is_refused_after_rows_were_written(app: Flask):
    db.session.add(Organization(name="Half"))
    db.session.flush()
    with pytest.raises(RuntimeError, match="rows were written before a call to Stripe"):
        release()
    abandon()


def test_a_call_to_stripe_is_fine_after_reading(app: Flask):
    db.session.scalars(db.select(Organization)).all()
    release()
    assert not db.session().in_transaction()


def test_a_rollback_takes_its_tasks_with_it(app: Flask):
    tasks.record("send_mail", "never", {})
    abandon()
    commit()
    assert db.session.scalars(db.select(Task)).all() == []


def test_the_same_deed_is_recorded_once(app: Flask):
    for _ in range(2):
        tasks.record("send_mail", "welcome:1", {})
        commit()
    assert len(db.session.scalars(db.select(Task)).all()) == 1


def test_an_error_of_the_database_does_not_tell_what_was_written(app: Flask):
    db.session.add(Organization(name="Analytical\0Engines"))
    with pytest.raises(DBAPIError) as refused:
        db.session.flush()
    assert "Analytical" not in str(refused.value)
