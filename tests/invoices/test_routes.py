"""The pages of the invoices room, as a browser sees them."""

import re
from dataclasses import replace

import pytest

from app.core.extensions import db
from app.gateway.payment_intents import IntentRecord
from app.invoices import search
from tests.cast import Browser
from tests.invoices.records import ISSUED, LINE, OPEN, kept, numbered, paid
from tests.statements import counted
from worker import runner

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("path", ["/invoices", "/invoices/CFL-0001", "/invoices/CFL-0001/pdf"])
def test_a_visitor_is_asked_to_sign_in(client: Browser, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert "/login" in answer.location


def test_an_empty_list_shows_the_way_to_the_plans(ada: Browser) -> None:
    page = ada.get("/invoices").text
    assert "<h1>Invoices</h1>" in page
    assert "No invoices yet" in page
    assert 'href="/plans"' in page


def test_the_list_links_pages_and_pdfs_and_says_what_is_due(ada: Browser) -> None:
    kept(ada.organization, paid(numbered(1)))
    kept(ada.organization, numbered(2, attempt_count=1))
    page = ada.get("/invoices").text
    for part in ('href="/invoices/CFL-0001"', 'href="/invoices/CFL-0002/pdf"', "Overdue", "Paid", "$99.00"):
        assert part in page


def test_filters_live_in_the_address_and_stay_while_paging(ada: Browser) -> None:
    for n in range(1, search.PER_PAGE + 2):
        kept(ada.organization, paid(numbered(n)))
    page = ada.get("/invoices?status=paid&q=CFL").text
    assert "/invoices?before=CFL-0002&amp;q=CFL&amp;status=paid" in page
    older = ada.get("/invoices?before=CFL-0002&q=CFL&status=paid").text
    assert "CFL-0001" in older
    assert "/invoices?after=CFL-0001&amp;q=CFL&amp;status=paid" in older


def test_when_nothing_matches_there_is_a_way_back(ada: Browser) -> None:
    kept(ada.organization)
    page = ada.get("/invoices?q=nothing").text
    assert "No invoice matches these filters." in page
    assert "Show all invoices" in page


@pytest.mark.parametrize(
    "query", ["from=yesterday", "from=9999-12-31&to=9999-12-31", "status=free", "q=%00", "before=%00", "after=nobody"]
)
def test_nonsense_in_the_address_breaks_nothing(ada: Browser, query: str) -> None:
    kept(ada.organization)
    assert ada.get(f"/invoices?{query}").status_code == 200


def test_an_invoice_shows_its_lines_sums_and_payments(ada: Browser) -> None:
    proration = replace(LINE, description="Unused time on Starter", amount=-1820, is_proration=True)
    kept(ada.organization, paid(replace(OPEN, lines=(LINE, proration))))
    page = ada.get("/invoices/CFL-0001").text
    for part in ("<h1>Invoice CFL-0001</h1>", "1 × Growth (at $99.00 / month)", "1 Nov 2026 – 1 Dec 2026"):
        assert part in page
    for part in ("Unused time on Starter", "Why this amount?", "Payment received", "Visa ending in 4242", "Paid"):
        assert part in page


def test_unknown_and_foreign_numbers_get_the_same_404(ada: Browser, cleo: Browser) -> None:
    kept(ada.organization)
    for path in ("/invoices/{}", "/invoices/{}/pdf"):
        foreign, unknown = cleo.get(path.format("CFL-0001")), cleo.get(path.format("CFL-9999"))
        assert foreign.status_code == unknown.status_code == 404
        assert _without_secrets(foreign.text) == _without_secrets(unknown.text)


def _without_secrets(page: str) -> str:
    """Leaves out what differs in every answer: nonce, CSRF token and the id of the request."""
    return re.sub(r'nonce="[^"]*"|X-CSRFToken": "[^"]*"|<code>[^<]*</code>', "", page)


@pytest.mark.parametrize("number", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "CFL%000001", "%5c..%5c"])
def test_a_path_in_the_number_leads_nowhere(ada: Browser, number: str) -> None:
    assert ada.get(f"/invoices/{number}/pdf").status_code == 404


def test_while_the_pdf_is_made_the_page_says_so(ada: Browser) -> None:
    kept(ada.organization)
    for path in ("/invoices/CFL-0001", "/invoices/CFL-0001/pdf"):
        page = ada.get(path).text
        assert "Preparing your PDF…" in page
        assert 'hx-get="/invoices/CFL-0001/pdf"' in page
        assert ">Refresh</a>" in page


def test_the_partial_becomes_the_download_by_itself(ada: Browser) -> None:
    kept(ada.organization)
    assert "Preparing" in ada.get("/invoices/CFL-0001/pdf", headers=HTMX).text
    runner.drain("documents")
    partial = ada.get("/invoices/CFL-0001/pdf", headers=HTMX).text
    assert partial.startswith('<div id="invoice-pdf">')
    assert "Download PDF" in partial
    assert "hx-get" not in partial


def test_the_file_is_an_attachment_that_runs_nothing(ada: Browser) -> None:
    kept(ada.organization)
    runner.drain("documents")
    answer = ada.get("/invoices/CFL-0001/pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=Invoice-CFL-0001.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.data.startswith(b"%PDF-")


def test_a_failed_pdf_can_be_tried_again(ada: Browser) -> None:
    invoice = kept(ada.organization)
    invoice.pdf_state = "failed"
    db.session.commit()
    page = ada.get("/invoices/CFL-0001").text
    assert "The PDF could not be made." in page
    assert "Try again" in page
    answer = ada.post("/invoices/CFL-0001/pdf")
    assert (answer.status_code, answer.location) == (303, "/invoices/CFL-0001")
    assert "Preparing your PDF…" in ada.get("/invoices/CFL-0001").text


def test_a_swap_answers_trying_again_with_the_progress(ada: Browser) -> None:
    invoice = kept(ada.organization)
    invoice.pdf_state = "failed"
    db.session.commit()
    assert "Preparing your PDF…" in ada.post("/invoices/CFL-0001/pdf", headers=HTMX).text


@pytest.mark.parametrize("count", [1, 40])
def test_pages_need_few_statements_whatever_there_is_to_show(ada: Browser, count: int) -> None:
    lines = tuple(replace(LINE, stripe_id=f"il_{n}") for n in range(count))
    for n in range(1, count + 1):
        kept(ada.organization, replace(numbered(n), lines=lines))
    for path in ("/invoices", "/invoices?status=open&q=growth", "/invoices/CFL-0001"):
        assert ada.get(path).status_code == 200
        with counted() as statements:
            ada.get(path)
        assert len(statements) <= 6, statements


def test_an_open_invoice_names_the_next_attempt(ada: Browser) -> None:
    declined = IntentRecord("pi_1", "cus_1", "requires_payment_method", "pm_1", None, {}, code="generic_decline")
    kept(ada.organization, replace(OPEN, attempt_count=1, next_payment_attempt_at=ISSUED, collecting=declined))
    assert "Next attempt to collect" in ada.get("/invoices/CFL-0001").text
