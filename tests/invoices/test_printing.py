"""The stored PDF: made by a worker, whole or not at all, served as long as it is true."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.invoices import printing, rendering
from app.invoices.models import Invoice, PdfState
from tests.cast import Browser
from tests.invoices.records import OPEN, kept, paid
from worker import runner


@pytest.fixture
def documents(app: Flask) -> Path:
    directory: Path = app.extensions["settings"].documents_dir
    return directory.resolve() / "invoices"


def looked_up(invoice: Invoice) -> Invoice:
    return db.session.get_one(Invoice, invoice.id, populate_existing=True)


def test_a_worker_makes_the_pdf_that_was_asked_for(ada: Browser) -> None:
    invoice = kept(ada.organization)
    assert printing.stored(invoice) is None
    runner.drain("documents")
    path = printing.stored(looked_up(invoice))
    assert path is not None
    assert path.read_bytes().startswith(b"%PDF-")


def test_a_changed_invoice_replaces_its_pdf(ada: Browser) -> None:
    kept(ada.organization)
    runner.drain("documents")
    invoice = kept(ada.organization, paid())
    assert printing.state(invoice) == PdfState.PENDING
    runner.drain("documents")
    path = printing.stored(looked_up(invoice))
    assert path is not None
    assert [file.name for file in path.parent.glob(f"*{invoice.public_id}*")] == [path.name]


def test_a_request_that_was_overtaken_draws_nothing(ada: Browser) -> None:
    kept(ada.organization)
    invoice = kept(ada.organization, paid())
    rendering.make(invoice.id, 1)
    assert looked_up(invoice).pdf_state == PdfState.PENDING


@pytest.fixture
def place(ada: Browser, documents: Path) -> Path:
    """Where the PDF of an invoice should lie, and cannot."""
    place = documents / "1999-12"
    shutil.rmtree(place, ignore_errors=True)
    documents.mkdir(parents=True, exist_ok=True)
    place.write_text("no directory can be made here")
    kept(ada.organization, replace(OPEN, issued_at=datetime(1999, 12, 31, tzinfo=UTC)))
    return place


def test_a_store_without_room_uses_no_attempt_and_is_tried_again_soon(place: Path) -> None:
    for _ in range(12):
        runner.drain("documents")
        db.session.execute(db.update(Task).values(retry_at=None))
        db.session.commit()
    runner.drain("documents")
    task = db.session.scalars(db.select(Task)).one()
    assert (task.state, task.attempts) == (TaskState.PENDING, 0)
    assert task.retry_at is not None
    assert (task.retry_at - clock.wall()).total_seconds() < 30
    place.unlink()


def test_a_failure_is_told_tried_again_and_may_be_hurried(place: Path) -> None:
    runner.drain("documents")
    failed = db.session.scalars(db.select(Invoice)).one()
    assert printing.state(failed) == PdfState.FAILED
    assert db.session.scalars(db.select(Task)).one().state == TaskState.PENDING
    place.unlink()
    printing.ask_again(failed)
    db.session.commit()
    runner.drain("documents")
    assert printing.stored(db.session.scalars(db.select(Invoice)).one()) is not None


def test_writing_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken.pdf").mkdir()
    (tmp_path / "taken.pdf" / "file").touch()
    with pytest.raises(OSError):
        rendering.store(tmp_path / "taken.pdf", b"%PDF-")
    assert [file.name for file in tmp_path.iterdir()] == ["taken.pdf"]


def test_a_file_that_disappeared_can_be_made_again(ada: Browser) -> None:
    invoice = kept(ada.organization)
    runner.drain("documents")
    path = printing.stored(looked_up(invoice))
    assert path is not None
    path.unlink()
    lost = looked_up(invoice)
    assert printing.state(lost) == PdfState.FAILED
    printing.ask_again(lost)
    assert printing.state(lost) == PdfState.PENDING


def test_asking_again_while_it_is_being_made_changes_nothing(ada: Browser) -> None:
    invoice = kept(ada.organization)
    printing.ask_again(invoice)
    assert invoice.pdf_request == 1
