"""F70: there is no room for PDFs."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults import logs
from faults.case import Case, row
from faults.rows.processes import subscribed_once

STATE = "SELECT count(*) FROM invoices WHERE organization_id = %s AND pdf_state = %s"
NUMBER = "SELECT number FROM invoices WHERE organization_id = %s"


@row("F70", "there is no room for PDFs")
def no_room(case: Case) -> None:
    house, since = case.house, logs.mark(case.house)
    store = Path(house.stack.environment()["DOCUMENTS_DIR"]) / "invoices"
    store.mkdir(parents=True, exist_ok=True)
    with _full(case, store):
        customer = case.customer()
        customer.subscribe()
        case.wait(lambda: house.count(STATE, customer.id, "failed"), "the PDF to fail")
        number = house.rows(NUMBER, customer.id)[0][0]
        customer.open(f"/invoices/{number}")
        for words in ("$99.00", "The PDF could not be made.", "Try again"):
            case.expect(words in customer.text(), f"the page of the invoice does not say “{words}”")
        unfinished = (
            [file.name for file in store.rglob("*") if file.suffix in (".pdf", ".part")] if store.is_dir() else []
        )
        case.expect(not unfinished, f"files without room: {unfinished}")
        case.expect(logs.entries(since, "invoice PDF failed"), "no alarm in the logs")
    case.settle()
    case.expect(house.count(STATE, customer.id, "ready") == 1, "the invoice has no PDF")
    subscribed_once(case, customer)


@contextmanager
def _full(case: Case, store: Path) -> Iterator[None]:
    """No room for the block: a file system of one page where this machine lets us mount one, else no directory at all."""
    aside = store.with_suffix(".aside")
    store.rename(aside)
    store.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(store)]
    mounted = subprocess.run(options, capture_output=True, check=False).returncode == 0
    if not mounted:
        store.rmdir()
        store.write_text("no directory")
    case.notes.append("a full file system" if mounted else "no directory, because this machine lets us mount none")
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", store], check=True)
            shutil.rmtree(store)
        else:
            store.unlink()
        aside.rename(store)
        case.over()
