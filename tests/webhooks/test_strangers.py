"""Events of customers nobody here has: kept, and handled once somebody has."""

import pytest
from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.organizations.models import Organization
from app.webhooks import keeping, service
from app.webhooks.models import EventState, InboxEvent
from tests.cast import Browser
from tests.webhooks.inbox import Inbox


@pytest.fixture
def organization(ada: Browser) -> Organization:
    return db.session.scalars(db.select(Organization).limit(1)).one()


def handle(inbox: Inbox) -> list[str]:
    service.handle_batch()
    return inbox.seen


def test_an_event_of_an_unknown_customer_waits_for_the_customer(inbox: Inbox):
    inbox.receive("sub_1", customer="cus_later")
    assert handle(inbox) == []
    assert inbox.states() == {"sub_1": EventState.UNMATCHED}


def test_it_is_handled_when_the_customer_appears(inbox: Inbox, organization: Organization):
    inbox.receive("sub_1", customer="cus_later")
    handle(inbox)
    assert keeping.link() == 0
    organization.stripe_customer_id = "cus_later"
    commit()
    assert keeping.link() == 1
    commit()
    assert handle(inbox) == ["sub_1"]
    assert inbox.states() == {"sub_1": EventState.PROCESSED}


def test_an_event_that_names_nobody_is_handled(inbox: Inbox):
    inbox.receive("pm_1")
    assert handle(inbox) == ["pm_1"]


def test_only_the_stranger_waits(inbox: Inbox, organization: Organization):
    organization.stripe_customer_id = "cus_ours"
    commit()
    inbox.receive("sub_1", customer="cus_ours")
    inbox.receive("sub_2", customer="cus_theirs")
    assert handle(inbox) == ["sub_1"]
    assert inbox.states() == {"sub_1": EventState.PROCESSED, "sub_2": EventState.UNMATCHED}


def test_somebody_is_told_when_the_customer_does_not_come(inbox: Inbox, caplog: pytest.LogCaptureFixture):
    inbox.receive("sub_1", customer="cus_later")
    handle(inbox)
    caplog.clear()
    keeping.watch()
    assert caplog.records == []
    db.session.execute(db.update(InboxEvent).values(received_at=clock.wall() - 2 * keeping.PATIENCE))
    keeping.watch()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_an_empty_inbox_stands_empty(app: Flask):
    assert keeping.standing() == keeping.Standing(0, None, 0, 0, None)
