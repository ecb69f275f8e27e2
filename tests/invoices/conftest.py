from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from app.core.extensions import db
from app.invoices.models import Invoice
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.invoices.owing import FAILS_LATER, give_card


@pytest.fixture
def press(whole_app: Flask) -> Iterator[Flask]:
    """The application for drawing alone: a document needs no tables, so none are emptied for it."""
    with whole_app.app_context():
        yield whole_app


@pytest.fixture
def renewal(ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox) -> Callable[..., Invoice]:
    """`renewal(card)`: Ada's Growth was renewed, but that card did not pay; answers the open invoice."""

    def fail(card: str = FAILS_LATER) -> Invoice:
        subscribe(ada, "growth")
        give_card(ada, card)
        sandbox.turn_clock("1 month")
        sandbox.turn_clock("2 hours")
        work(sandbox)
        return db.session.scalars(Invoice.of(ada.organization).where(Invoice.status == "open")).one()

    return fail
