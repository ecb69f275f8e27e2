"""At most one live subscription per organization, whatever the code above the table believes."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser


@pytest.fixture
def second(ada: Browser, subscribe: Callable[..., None]) -> Callable[[str], None]:
    """`second("active")`: a second row like that of Ada's running subscription, in that status."""
    subscribe(ada, "growth")
    columns = [column for column in Subscription.__table__.columns if column.name != "id"]
    row = dict(db.session.execute(db.select(*columns)).mappings().one())

    def write(status: str) -> None:
        other = {"stripe_id": "sub_other", "public_id": "sub_other", "status": status}
        db.session.execute(db.insert(Subscription).values(row | other))

    return write


def test_the_table_itself_takes_no_second_live_subscription(second: Callable[[str], None]):
    with pytest.raises(IntegrityError):
        second("past_due")
    db.session.rollback()


def test_the_table_keeps_what_is_over(second: Callable[[str], None]):
    second("canceled")
    assert db.session.scalar(db.select(db.func.count()).select_from(Subscription)) == 2
    db.session.rollback()
