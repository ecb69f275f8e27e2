"""What follows when Stripe's answer about an invoice is absorbed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.audit import service as audit
from app.core.extensions import db
from app.core.tasks import Task
from app.gateway.lines import LineDiscount
from app.invoices import service
from app.invoices.models import Invoice, InvoiceLine, PdfState
from app.subscriptions.explanations.lines import Paid
from tests.cast import Browser
from tests.invoices.records import CARDS, ISSUED, LINE, MONTH, OPEN, kept, numbered, paid


def tasks(kind: str) -> list[Task]:
    return list(db.session.scalars(db.select(Task).filter_by(kind=kind).order_by(Task.id)))


def actions(ada: Browser) -> list[str]:
    return [entry.action for entry in audit.timeline(ada.organization.id)]


def test_an_invoice_is_kept_as_stripe_computed_it(ada: Browser) -> None:
    record = replace(OPEN, discount=500, total=9400, amount_due=9100, starting_balance=-300)
    invoice = kept(ada.organization, record)
    assert (invoice.subtotal_amount, invoice.discount_amount, invoice.total_amount) == (9900, 500, 9400)
    assert (invoice.due_amount, invoice.balance_amount) == (9100, -300)
    line = service.lines(invoice)[0]
    assert (line.description, line.amount, line.unit_amount) == (LINE.description, 9900, LINE.unit_amount)


def test_its_lines_stay_in_stripes_order(ada: Browser) -> None:
    lines = tuple(replace(LINE, stripe_id=f"il_{n}", description=f"Line {n}") for n in (3, 1, 2))
    invoice = kept(ada.organization, replace(OPEN, lines=lines))
    assert [line.description for line in service.lines(invoice)] == ["Line 3", "Line 1", "Line 2"]


def test_absorbing_the_same_answer_again_changes_nothing(ada: Browser) -> None:
    kept(ada.organization)
    kept(ada.organization)
    assert db.session.scalar(db.select(db.func.count(Invoice.id))) == 1
    assert db.session.scalar(db.select(db.func.count(InvoiceLine.id))) == 1
    assert actions(ada) == ["invoice.issued"]
    assert len(tasks("render_invoice")) == 1


def test_becoming_paid_sends_one_receipt_however_often_it_is_told(ada: Browser) -> None:
    kept(ada.organization)
    invoice = kept(ada.organization, paid())
    kept(ada.organization, paid())
    (receipt,) = tasks("send_mail")
    assert receipt.key == f"receipt:{invoice.public_id}"
    assert receipt.payload["to"] == ["ada@example.com"]
    assert receipt.payload["context"]["amount"] == "$99.00"
    assert receipt.payload["context"]["card"] == "Visa ending in 4242"
    assert actions(ada) == ["invoice.paid", "invoice.issued"]


def test_an_invoice_first_seen_paid_has_its_receipt_too(ada: Browser) -> None:
    kept(ada.organization, paid())
    assert len(tasks("send_mail")) == 1


def test_an_invoice_of_nothing_sends_no_receipt(ada: Browser) -> None:
    kept(ada.organization, paid(replace(OPEN, subtotal=0, total=0, amount_due=0)))
    assert tasks("send_mail") == []


def test_a_late_answer_does_not_reopen_a_paid_invoice(ada: Browser) -> None:
    kept(ada.organization, paid())
    assert kept(ada.organization, OPEN).is_paid


def test_being_paid_has_the_pdf_made_again(ada: Browser) -> None:
    kept(ada.organization)
    invoice = kept(ada.organization, paid())
    assert invoice.pdf_state == PdfState.PENDING
    assert [task.key for task in tasks("render_invoice")] == [f"{invoice.public_id}:1", f"{invoice.public_id}:2"]


def test_another_attempt_to_collect_leaves_the_pdf_as_it_is(ada: Browser) -> None:
    kept(ada.organization)
    invoice = kept(ada.organization, replace(OPEN, attempt_count=2, next_payment_attempt_at=ISSUED))
    assert invoice.attempt_count == 2
    assert len(tasks("render_invoice")) == 1


def test_voiding_is_told_once(ada: Browser) -> None:
    kept(ada.organization)
    kept(ada.organization, replace(OPEN, status="void", voided_at=ISSUED))
    assert actions(ada) == ["invoice.voided", "invoice.issued"]


def test_a_rollback_takes_receipt_and_pdf_with_it(ada: Browser) -> None:
    service.absorb(ada.organization, paid(), CARDS)
    db.session.rollback()
    assert tasks("send_mail") == tasks("render_invoice") == []


def test_a_number_of_somebody_else_is_as_unknown_as_any_other(ada: Browser, cleo: Browser) -> None:
    kept(ada.organization)
    sentences = set()
    for number in ("CFL-0001", "CFL-9999", "CFL\x000001"):
        with pytest.raises(service.InvoiceNotFound) as caught:
            service.get(cleo.organization, number)
        sentences.add(str(caught.value))
    assert len(sentences) == 1


def test_it_is_overdue_after_its_date_or_a_failed_attempt(ada: Browser) -> None:
    yesterday = ISSUED - timedelta(days=400)
    invoice = kept(ada.organization)
    assert not invoice.is_overdue
    assert kept(ada.organization, replace(OPEN, due_at=yesterday)).is_overdue
    assert kept(ada.organization, replace(OPEN, attempt_count=1)).is_overdue
    assert not kept(ada.organization, paid()).is_overdue


def test_a_first_invoice_nobody_paid_is_not_overdue(ada: Browser) -> None:
    declined = replace(OPEN, billing_reason="subscription_create", attempt_count=1)
    invoice = kept(ada.organization, declined)
    assert not invoice.is_overdue
    assert db.session.scalars(Invoice.of(ada.organization).where(Invoice.overdue())).all() == []


@pytest.mark.parametrize("debit_first", [True, False])
def test_a_credit_knows_what_it_gives_back_whichever_comes_first(ada: Browser, debit_first: bool) -> None:
    half = timedelta(days=15)
    line = replace(LINE, discounts=(LineDiscount(900, "SAVE", None),))
    credit = replace(LINE, stripe_id="il_2", amount=-4500, period_start=ISSUED + half, credited=("il_1",))
    debit, credited = numbered(1, lines=(line,)), numbered(2, lines=(replace(credit, is_proration=True),))
    for record in (debit, credited) if debit_first else (credited, debit):
        kept(ada.organization, record)
    found = db.session.scalars(db.select(InvoiceLine).filter_by(stripe_id="il_2")).one()
    assert found.facts.paid == Paid(9000, ISSUED, ISSUED + MONTH)
