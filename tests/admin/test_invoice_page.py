"""One invoice for staff: what the customer sees, and everything around it, on one page."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from app.core.extensions import db
from app.core.money import Money
from app.core.transactions import commit
from app.dunning.models import DunningCase
from app.invoices.models import Invoice
from app.payments import refunding
from app.payments.models import Payment
from tests.cast import Browser
from tests.dunning.conftest import let_pass
from tests.helpers import Sandbox, work
from tests.invoices.owing import FAILS_LATER, give_card
from tests.statements import counted


@pytest.fixture
def paid(sam: Browser, ada: Browser, subscribe: Callable[..., None]) -> Invoice:
    """Ada's first invoice of $99.00; Sam looks."""
    subscribe(ada, "growth")
    return db.session.scalars(db.select(Invoice)).one()


@pytest.fixture
def unpaid(paid: Invoice, ada: Browser, sandbox: Sandbox) -> Invoice:
    """The next one, which her card did not pay."""
    give_card(ada, FAILS_LATER)
    let_pass(sandbox, "1 month")
    let_pass(sandbox, "2 hours")
    return db.session.scalars(db.select(Invoice).where(Invoice.status == "open")).one()


def words(page: str) -> str:
    main = BeautifulSoup(page, "html.parser").select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def address(invoice: Invoice) -> str:
    return f"/admin/invoices/{invoice.public_id}"


def test_what_the_customer_sees_is_there_with_its_record(sam: Browser, paid: Invoice):
    page = words(sam.get(address(paid)).text)
    for said in (
        *(f"Invoice {paid.number}", "Analytical Engines", "Billed to", "Subtotal $99.00", "paid on"),
        *("Visa", "Payment received", "Dunning case none", "subscription create", "On record Paid"),
    ):
        assert said in page, said


def test_stripes_id_leads_to_the_same_page(sam: Browser, paid: Invoice):
    assert words(sam.get(f"/admin/invoices/{paid.stripe_id}").text) == words(sam.get(address(paid)).text)


def test_what_was_given_back_is_there_with_its_reason(sam: Browser, paid: Invoice, sandbox: Sandbox):
    payment = db.session.scalars(db.select(Payment)).one()
    refunding.refund(payment, Money(4000, "usd"), "requested_by_customer", "press")
    commit()
    work(sandbox)
    page = words(sam.get(address(paid)).text)
    for said in ("Refunded $40.00", "requested by customer", "Refund sent to the card", "Partly refunded"):
        assert said in page, said


def test_an_unpaid_one_leads_to_its_case_and_back(sam: Browser, unpaid: Invoice):
    case = db.session.scalars(db.select(DunningCase)).one()
    page = sam.get(address(unpaid)).text
    assert f'href="/admin/dunning/{case.public_id}"' in page
    assert f'href="{address(unpaid)}"' in sam.get(f"/admin/dunning/{case.public_id}").text
    for said in ("Overdue", "Declined Collecting", "Case opened", "Next attempt to collect", "Your card was declined."):
        assert said in words(page), said


def test_lists_and_the_customers_page_lead_to_it(sam: Browser, ada: Browser, paid: Invoice):
    for page in ("/admin/invoices", f"/admin/customers/{ada.organization.public_id}"):
        assert f'href="{address(paid)}"' in sam.get(page).text
    assert f'href="/admin/customers/{ada.organization.public_id}"' in sam.get(address(paid)).text


def test_it_costs_at_most_ten_statements(sam: Browser, unpaid: Invoice):
    sam.get(address(unpaid))
    with counted() as statements:
        sam.get(address(unpaid))
    assert len(statements) <= 10


def test_its_pdf_is_there_once_it_is_made(sam: Browser, paid: Invoice):
    answer = sam.get(f"{address(paid)}/pdf")
    assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")
    assert f"Invoice-{paid.number}.pdf" in answer.headers["Content-Disposition"]
    assert f'href="{address(paid)}/pdf"' in sam.get(address(paid)).text
    db.session.execute(db.update(Invoice).values(pdf_state="pending"))
    commit()
    assert sam.get(f"{address(paid)}/pdf").status_code == 404
    assert "Download PDF" not in sam.get(address(paid)).text


def test_it_leads_to_stripes_dashboard_where_there_is_one(sam: Browser, paid: Invoice, settings: Callable[..., None]):
    assert "dashboard.stripe.com" not in sam.get(address(paid)).text
    settings(stripe_mode="test")
    assert f'href="https://dashboard.stripe.com/test/invoices/{paid.stripe_id}"' in sam.get(address(paid)).text


@pytest.mark.parametrize("name", ["inv_nobody", "in_nobody", "%00", "NEX-0001"])
def test_an_unknown_one_is_not_found(sam: Browser, name: str):
    assert sam.get(f"/admin/invoices/{name}").status_code == 404
    assert sam.get(f"/admin/invoices/{name}/pdf").status_code == 404
