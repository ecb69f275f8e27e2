"""Customers: found by whatever is known of them, shown as they are, fetched anew once."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup

from app.audit.models import Entry
from app.catalog.models import Price
from app.core.extensions import db
from app.core.tasks import Task
from app.core.transactions import commit
from app.organizations.models import Organization
from app.subscriptions.models import Subscription
from app.usage import budgets
from tests.admin.pressing import press, told
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.revenue.rows import customer
from tests.statements import counted
from tests.usage.uses import use

LIST = "/admin/customers"


def names(browser: Browser, query: str = "") -> list[str]:
    page = BeautifulSoup(browser.get(f"{LIST}?{query}").text, "html.parser")
    return [link.get_text() for link in page.select("tbody td.lead a")]


@pytest.fixture
def people(sam: Browser, ada: Browser, cleo: Browser, subscribe: Callable[..., None]) -> Browser:
    """Ada has Growth, Cleo nothing; Sam looks."""
    subscribe(ada, "growth")
    return sam


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=engines", ["Analytical Engines"]),
        ("who=ada@", ["Analytical Engines"]),
        ("who=Ada@Example.com", ["Analytical Engines"]),
        ("who={stripe}", ["Analytical Engines"]),
        ("who={public}", ["Analytical Engines"]),
        ("who={subscription}", ["Analytical Engines"]),
        ("who=%25", []),
        ("who=%00", ["Hypatia Press", "Analytical Engines", "Counterfoil"]),
        ("state=active", ["Analytical Engines"]),
        ("state=free", ["Hypatia Press", "Counterfoil"]),
        ("plan=growth", ["Analytical Engines"]),
        ("plan=pro", []),
        ("plan=nonsense&state=nonsense&sort=nonsense", ["Hypatia Press", "Analytical Engines", "Counterfoil"]),
        ("sort=name", ["Analytical Engines", "Counterfoil", "Hypatia Press"]),
    ],
)
def test_customers_are_found_by_what_is_known_of_them(people: Browser, ada: Browser, query: str, found: list[str]):
    known = {
        "stripe": ada.organization.stripe_customer_id,
        "public": ada.organization.public_id,
        "subscription": db.session.scalars(db.select(Subscription.stripe_id)).one(),
    }
    assert names(people, query.format(**known)) == found


def test_a_long_list_is_walked_without_gaps(sam: Browser):
    db.session.add_all([Organization(name=f"Customer {number:03}") for number in range(120)])
    commit()
    address, seen = "sort=name", list[str]()
    for _ in range(3):
        seen += names(sam, address)
        page = sam.get(f"{LIST}?{address}").text
        address = page.split('rel="next" href="')[-1].split('"')[0].split("?")[-1].replace("&amp;", "&")
    assert seen == sorted(seen)
    assert len(seen) == 121


def test_a_page_of_many_costs_no_more_statements(people: Browser, nexus: Callable[..., Price]):
    people.get(LIST)
    with counted() as few:
        people.get(LIST)
    for number in range(40):
        customer(f"Customer {number}", nexus("pro"), annual=358800)
    with counted() as many:
        people.get(LIST)
    assert len(many) == len(few) <= 6


def test_a_customer_is_on_one_page(people: Browser, ada: Browser):
    address = f"{LIST}/{ada.organization.public_id}"
    people.get(address)
    with counted() as statements:
        page = people.get(address).text
    for said in ("Growth", "$99.00", "ada@example.com", "Visa", "Subscription started", "Invoice paid"):
        assert said in page
    assert len(statements) <= 10


def test_a_budget_of_their_own_is_shown(people: Browser, ada: Browser):
    budgets.set_to(ada.organization, "renders", Decimal(1_234), [80], stops=True)
    commit()
    assert "Budget 1,234" in people.get(f"{LIST}/{ada.organization.public_id}").text


def test_use_is_told_as_the_customer_reads_it(people: Browser, cleo: Browser):
    use(cleo, "storage_gb", "0.5")
    page = people.get(f"{LIST}/{cleo.organization.public_id}").text
    assert "0.5 of 1 GB in use, 0.5 GB left" in page
    assert 'value="0.5"' in page


def test_who_never_bought_anything_has_a_page_too(people: Browser, cleo: Browser):
    page = people.get(f"{LIST}/{cleo.organization.public_id}").text
    assert "No subscription" in page
    assert people.get(f"{LIST}/org_nobody").status_code == 404


def test_everything_is_fetched_once_however_often_it_is_pressed(people: Browser, ada: Browser, sandbox: Sandbox):
    db.session.execute(db.update(Subscription).values(status="past_due"))
    db.session.execute(db.update(Organization).values(credit_amount=0))
    commit()
    address = f"{LIST}/{ada.organization.public_id}"
    for _ in range(2):
        answer = press(people, f"{address}/sync", token="one-press-of-a-button-", next=address)
        assert "Everything of this customer is being fetched" in told(people, answer)
    kinds = db.select(Task.kind).where(Task.kind == "sync_customer")
    assert len(db.session.scalars(kinds).all()) == 1
    work(sandbox)
    assert db.session.scalars(db.select(Subscription.status)).one() == "active"
    asked = db.session.scalars(db.select(Entry).where(Entry.action == "customer.sync_asked")).one()
    assert (asked.actor, asked.subject) == (people.user.public_id, ada.organization.public_id)
    assert "fetched from Stripe" not in ada.get("/").text
    assert "Staff had everything fetched from Stripe" in people.get(address).text


def test_who_was_never_at_stripe_cannot_be_fetched(people: Browser, cleo: Browser):
    address = f"{LIST}/{cleo.organization.public_id}"
    answer = press(people, f"{address}/sync", next=address)
    assert "there is nothing to fetch" in told(people, answer)


def test_what_is_asked_of_an_unknown_customer_is_not_found(people: Browser):
    assert press(people, f"{LIST}/org_nobody/sync").status_code == 404
