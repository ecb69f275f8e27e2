"""The list of payments."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.core.extensions import db
from app.organizations.models import Role
from app.payments import history
from app.payments.models import Attempt, Payment
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.statements import counted


def tries(browser: Browser, count: int) -> None:
    """So many one-off payments, an hour apart."""
    for n in range(count):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=n)
        organization_id = browser.organization.id
        payment = Payment(
            organization_id=organization_id, stripe_id=f"pi_{organization_id}_{n}", purpose="", reference=""
        )
        payment.status, payment.amount, payment.currency = "succeeded", 1000 + n, "usd"
        payment.created_at = payment.synced_at = at
        db.session.add(payment)
        db.session.flush()
        attempt = Attempt(organization_id=organization_id, payment_id=payment.id, stripe_id=f"ch_{organization_id}_{n}")
        attempt.status, attempt.amount, attempt.refunded_amount = "succeeded", 1000 + n, 0
        attempt.brand, attempt.last4, attempt.made_at = "visa", "4242", at
        db.session.add(attempt)
    db.session.commit()


def test_nobody_has_paid_yet(ada: Browser) -> None:
    page = ada.get("/payments").text
    assert "No payments yet." in page
    assert "Choose a plan" in page


def test_an_invoices_payment_links_to_it(ada: Browser, subscribe: Callable[..., None]) -> None:
    subscribe(ada, "growth")
    page = ada.get("/payments").text
    number = db.session.scalars(db.select(Payment.reference)).one()
    assert f'href="/invoices/{number}"' in page
    assert "$99.00" in page
    assert "Paid" in page
    assert 'href="/payments"' in ada.get("/invoices").text


def test_a_declined_card_is_listed_with_its_reason(ada: Browser, nexus, card: CardForm, sandbox: Sandbox) -> None:
    form = {"token": "t" * 22, "name": "Ada", "country": "GB"}
    answer = ada.post(f"/checkout/{nexus('growth').public_id}", data=form)
    card.decline(answer.get_json()["client_secret"], "4000000000009995")
    work(sandbox)
    page = ada.get("/payments").text
    assert "Failed" in page
    assert "Your card has insufficient funds." in page


def test_a_stranger_sees_none_of_it(ada: Browser, cleo: Browser, subscribe: Callable[..., None]) -> None:
    subscribe(ada, "growth")
    assert "No payments yet." in cleo.get("/payments").text


def test_a_member_may_look(ada: Browser, person: Callable[..., Browser]) -> None:
    assert person("Mia", ada.organization, Role.MEMBER).get("/payments").status_code == 200


def test_a_visitor_is_asked_to_sign_in(client: Browser) -> None:
    assert "/login" in client.get("/payments").headers["Location"]


def test_pages_follow_each_other_without_a_gap(ada: Browser, cleo: Browser) -> None:
    tries(ada, 60)
    tries(cleo, 1)
    seen, older = [], None
    while True:
        page = history.page(ada.organization, older_than=older)
        seen += [attempt.amount for attempt in page.attempts]
        older = page.older
        if older is None:
            break
    assert seen == list(range(1059, 999, -1))
    back = history.page(ada.organization, newer_than=page.newer)
    assert [attempt.amount for attempt in back.attempts] == list(range(1034, 1009, -1))


@pytest.mark.parametrize("address", ["/payments?before=nowhere", "/payments?after=%00", "/payments?before=%27"])
def test_a_made_up_place_is_no_error(ada: Browser, address: str) -> None:
    tries(ada, 1)
    assert ada.get(address).status_code == 200


def test_it_takes_six_statements_however_many_there_are(ada: Browser) -> None:
    tries(ada, 30)
    clock.refresh()
    with counted() as statements:
        assert ada.get("/payments").status_code == 200
    assert len(statements) <= 6
