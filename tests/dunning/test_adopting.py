"""A renewal that failed before its failures were followed gets its case all the same."""

from collections.abc import Callable

from app.core.extensions import db
from app.dunning import adopting
from app.dunning.models import DunningAttempt, DunningCase
from tests.helpers import work


def test_what_is_past_due_without_a_case_is_followed_once(renewal: Callable[..., DunningCase]):
    first = renewal().public_id
    db.session.execute(db.delete(DunningAttempt))
    db.session.execute(db.delete(DunningCase))
    db.session.commit()
    for _ in range(2):
        adopting.look()
        db.session.commit()
        work()
    case = db.session.scalars(db.select(DunningCase)).one()
    assert case.public_id != first
    assert (case.state, case.reason) == ("open", "declined")


def test_what_is_followed_is_left_alone(renewal: Callable[..., DunningCase]):
    case = renewal()
    adopting.look()
    db.session.commit()
    work()
    assert db.session.scalars(db.select(DunningCase.public_id)).all() == [case.public_id]
