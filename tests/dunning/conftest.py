"""A renewal that was not paid, and looking at what became of it."""

from collections.abc import Callable

import pytest

from app.audit.models import Entry
from app.core.extensions import db
from app.dunning.models import DunningAttempt, DunningCase
from app.invoices.models import Invoice
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.invoices.owing import FAILS_LATER, give_card


@pytest.fixture
def renewal(ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox) -> Callable[..., DunningCase]:
    """`renewal(card)`: Ada's Growth was renewed, but that card did not pay; answers the case."""

    def fail(card: str = FAILS_LATER) -> DunningCase:
        subscribe(ada, "growth")
        give_card(ada, card)
        let_pass(sandbox, "1 month")
        let_pass(sandbox, "2 hours")
        return db.session.scalars(db.select(DunningCase)).one()

    return fail


def let_pass(sandbox: Sandbox, time: str) -> None:
    """What falls due in it happens, at Stripe and here."""
    sandbox.turn_clock(time)
    work(sandbox)


def ledger(case: DunningCase) -> list[tuple[str, str]]:
    """Who made each attempt, and what came of it."""
    return [(one.source, one.outcome) for one in db.session.scalars(DunningAttempt.of(case))]


def state(case: DunningCase) -> str:
    db.session.refresh(case)
    return case.state


def portal_state(browser: Browser) -> str:
    return db.session.scalars(Subscription.of(browser.organization)).one().portal_state


def charges(browser: Browser, sandbox: Sandbox) -> list[bool]:
    """Each charge of the customer since the first one, oldest first: did it go through?"""
    found = sandbox.objects("charges", customer=str(browser.organization.stripe_customer_id))
    return [charge["paid"] for charge in reversed(found)][1:]


def restrictions(case: DunningCase) -> int:
    """How often its history says that access is restricted."""
    said = db.select(Entry).where(Entry.subject == case.public_id, Entry.action == "dunning.restricted")
    return len(db.session.scalars(said).all())


def invoice_of(case: DunningCase) -> Invoice:
    return db.session.get_one(Invoice, case.invoice_id, populate_existing=True)
