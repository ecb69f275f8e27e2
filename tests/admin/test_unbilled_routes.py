"""Use beyond a plan that nobody bills: seen where staff look, and settled once for a reason."""

from collections.abc import Callable

import pytest

from app.catalog.models import Price
from app.core.extensions import db
from app.usage.models import Total
from app.usage.unbilled import Unbilled
from tests.admin.pressing import press, told
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.statements import counted
from tests.usage.leftovers import INCLUDED, leave, left, report_late

LIST = "/admin/unbilled"
WHAT = "50 AI generations beyond Growth"


@pytest.fixture
def leftover(ada: Browser, sandbox: Sandbox, subscribe: Callable[..., None]) -> Unbilled:
    """Of Ada, who had Growth."""
    subscribe(ada, "growth")
    leave(ada, sandbox)
    report_late(ada, sandbox, "late", INCLUDED + 50)
    return left()[0]


@pytest.fixture
def looking(leftover: Unbilled, sam: Browser) -> Browser:
    return sam


def test_the_list_says_whose_what_when_and_how_much(looking: Browser):
    begins = db.session.scalars(db.select(Total.begins_at)).one()
    with counted() as statements:
        page = looking.get(LIST).text
    for said in ("Analytical Engines", WHAT, "The subscription has ended.", "$1.00", f"{begins.day} {begins:%b}"):
        assert said in page
    assert len(statements) <= 6


def test_the_page_of_the_customer_says_it_too(looking: Browser, ada: Browser):
    page = looking.get(f"/admin/customers/{ada.organization.public_id}").text
    assert WHAT in page
    assert f'href="{LIST}"' in page


def test_reconciliation_leads_to_it(looking: Browser):
    page = looking.get("/admin/reconciliation").text
    assert "Use beyond a plan is billed by nobody." in page
    assert f'href="{LIST}"' in page


def test_where_all_is_billed_nothing_is_said(sam: Browser, nexus: Callable[..., Price]):
    assert "All use beyond the plans is billed." in sam.get(LIST).text
    assert "billed by nobody" not in sam.get("/admin/reconciliation").text


def test_it_is_settled_for_a_reason(looking: Browser, ada: Browser, leftover: Unbilled):
    asked = press(looking, f"{LIST}/settle", leftover.public_id, next=LIST)
    assert "Settle 1 row?" in asked.text
    answer = press(looking, f"{LIST}/settle", leftover.public_id, next=LIST, reason="Invoiced by hand")
    assert "1 row is settled." in told(looking, answer)
    page = looking.get(f"/admin/customers/{ada.organization.public_id}").text
    assert "Staff settled use that nobody billed" in page
    assert left() == []


def test_what_is_settled_already_is_said_to_be(looking: Browser, leftover: Unbilled):
    name = leftover.public_id
    press(looking, f"{LIST}/settle", name, next=LIST, reason="Let go")
    answer = press(looking, f"{LIST}/settle", name, next=LIST, reason="Let go")
    assert "Nothing was settled" in told(looking, answer)


def test_nothing_chosen_settles_nothing(looking: Browser):
    assert "Tick at least one row first." in told(looking, press(looking, f"{LIST}/settle", next=LIST))
    assert len(left()) == 1
