"""What people do about a difference: have it repaired, or leave it, once."""

import pytest

from app.audit.models import Entry
from app.core import tasks
from app.core.extensions import db
from app.core.tasks import Task
from app.core.transactions import commit
from app.reconciliation import rounds, service
from app.reconciliation.models import Round, Scope, Sighting, State
from tests.cast import Browser
from tests.helpers import work
from tests.reconciliation.comparing import change, differences, reconcile


@pytest.fixture
def lost(paying: Browser) -> str:
    """A payment that Stripe does not have."""
    change("payments", "stripe_id = 'pi_unknown'")
    reconcile()
    [found] = [each for each in differences() if each.is_open]
    return found.public_id


def actions() -> list[str]:
    entries = db.session.scalars(db.select(Entry.action).where(Entry.subject.startswith("dif_")).order_by(Entry.id))
    return [action.removeprefix("difference.") for action in entries]


def test_a_repair_that_does_not_help_says_why(lost: str):
    assert service.ask_repair([lost]) == 1
    commit()
    work()
    found = service.get(lost)
    assert (found.state, found.error) == (
        State.OPEN,
        "GatewayNotFound: Our payment provider does not know this object.",
    )
    assert actions() == ["repaired", "repair_asked"]  # that of the real payment, and ours


def test_what_is_ignored_is_not_noted_again(lost: str):
    assert service.ignore([lost], "of the old account") == 1
    commit()
    assert reconcile().found == 0
    found = service.get(lost)
    assert (found.state, found.reason) == (State.IGNORED, "of the old account")
    assert actions() == ["repaired", "ignored"]


def test_another_difference_of_the_same_object_is_noted(paying: Browser):
    change("prices", "stripe_price_id = stripe_price_id || 'x'")  # which no repair can mend
    reconcile()
    [first] = differences()
    service.ignore([first.public_id], "known")
    commit()
    assert reconcile().found == 0
    change("subscriptions", "price_id = price_id + 1")
    assert reconcile().found == 1
    assert [each.state for each in differences()] == [State.IGNORED, State.OPEN]


def test_what_is_settled_is_neither_repaired_nor_ignored(lost: str):
    service.ignore([lost], "of the old account")
    assert service.ask_repair([lost]) == 0
    assert service.ignore([lost], "twice") == 0


def test_one_round_is_planned_per_hour_however_often_it_is_asked_for(paying: Browser):
    for _ in range(3):
        rounds.plan()
        commit()
    assert [key.split(":")[0] for key in planned()] in (
        ["recent"],
        ["recent", "full"],
    )  # full only after three at night
    work()
    assert all(each.finished_at for each in db.session.scalars(db.select(Round)))


def planned() -> list[str]:
    return list(db.session.scalars(db.select(Task.key).where(Task.kind == "begin_reconciliation").order_by(Task.id)))


def test_hours_without_workers_leave_one_round_and_no_storm(paying: Browser):
    for scope in Scope:  # recorded hours ago, and nobody came
        tasks.record("begin_reconciliation", f"{scope}:before", {"scope": scope})
    rounds.plan()
    assert planned() == ["recent:before", "full:before"]


def test_a_round_under_way_keeps_the_next_from_beginning(paying: Browser):
    for scope in Scope:
        step = rounds.begin(scope, f"{scope}:before")
        assert step is not None
        rounds.record(step)
    commit()
    rounds.plan()
    assert planned() == []
    work()  # to its end
    rounds.plan()
    assert planned() != []


def test_a_round_that_was_broken_off_by_hand_keeps_no_other_back(paying: Browser):
    for scope in Scope:
        rounds.begin(scope, f"hand:{scope}")
    rounds.plan()
    assert planned() != []


def test_what_a_round_needed_is_cleared_away(paying: Browser):
    reconcile()
    kinds = list(db.session.scalars(db.select(Task.kind).where(Task.kind == "reconcile")))
    assert len(kinds) == 1  # its last step
    assert db.session.scalars(db.select(Sighting)).all() == []


def test_the_same_round_begins_once(paying: Browser):
    assert rounds.begin(Scope.RECENT, "recent:now") is not None
    assert rounds.begin(Scope.RECENT, "recent:now") is None


def test_what_is_kept_of_a_difference_names_nobody(paying: Browser):
    change("organizations", "billing_name = 'Nobody', country = 'DE'")
    change("subscriptions", "status = 'past_due', comment = 'Ada is angry'")
    reconcile()
    kept = {each.object_type: each.fields for each in differences()}
    assert kept["customer"] == {"billing_name": [], "country": []}
    assert kept["subscription"] == {"comment": [], "status": ["past_due", "active"]}


@pytest.mark.parametrize(("values", "is_serious"), [("city = 'X'", False), ("country = 'DE'", True)])
def test_what_decides_on_money_is_serious(paying: Browser, values: str, is_serious: bool):
    change("organizations", values)
    reconcile()
    assert [each.is_serious for each in differences()] == [is_serious]
