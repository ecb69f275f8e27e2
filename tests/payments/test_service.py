"""Looking a payment up."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.payments import service
from app.payments.models import Payment
from tests.cast import Browser


@pytest.fixture
def public_id(ada: Browser, subscribe: Callable[..., None]) -> str:
    """Of a payment of Ada's."""
    subscribe(ada, "growth")
    return db.session.scalars(db.select(Payment.public_id)).one()


def test_a_payment_is_found_by_whose_it_is(ada: Browser, public_id: str):
    assert service.get(ada.organization, public_id).public_id == public_id


def test_a_strangers_payment_is_not_found(cleo: Browser, public_id: str):
    with pytest.raises(service.PaymentNotFound):
        service.get(cleo.organization, public_id)
