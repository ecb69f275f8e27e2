"""Tax numbers: added and removed one by one, verified by the authority, printed on later invoices."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
import requests
from sqlalchemy import select

from app.audit.models import Entry
from app.core.extensions import db
from app.organizations import tax_types
from app.organizations.models import Role, TaxId
from tests.cast import Browser
from tests.helpers import Sandbox, work

PAGE = "/settings/billing"
GOOD, UNKNOWN, WAITS = "DE987654321", "DE111111111", "DE222222222"
Subscribe = Callable[..., None]


def add(browser: Browser, value: str, kind: str = "eu_vat", **headers: str) -> Any:
    number = {"token": secrets.token_urlsafe(16), "type": kind, "value": value}
    return browser.post(f"{PAGE}/tax-ids", data=number, headers=headers)


def listed() -> list[tuple[str, str]]:
    return [(row.value, row.verification) for row in db.session.scalars(select(TaxId).order_by(TaxId.id))]


def at_stripe(sandbox: Sandbox) -> list[dict[str, Any]]:
    (customer,) = sandbox.objects("customers")
    return sandbox.objects(f"customers/{customer['id']}/tax_ids")


def remove(browser: Browser) -> Any:
    return browser.post(f"{PAGE}/tax-ids/{db.session.scalars(select(TaxId.public_id)).one()}/removal")


@pytest.fixture
def customer(ada: Browser, subscribe: Subscribe) -> Browser:
    """Ada, with a plan."""
    subscribe(ada, "growth")
    return ada


@pytest.mark.parametrize(
    ("value", "words"),
    [(GOOD, "Verified"), (UNKNOWN, "Could not be verified: please check it"), (WAITS, "Being verified")],
)
def test_the_authoritys_answer_is_shown_when_it_comes(customer: Browser, sandbox: Sandbox, value: str, words: str):
    assert add(customer, value).status_code == 303
    assert "Being verified" in customer.get(PAGE).text
    sandbox.turn_clock("1 minute")
    work(sandbox)
    page = customer.get(PAGE).text
    assert f">{words}<" in page
    assert value in page


def test_a_number_without_an_authority_to_ask_says_so(customer: Browser):
    add(customer, "CHE-123.456.789 MWST", "ch_vat")
    assert "Cannot be verified automatically" in customer.get(PAGE).text


def test_the_answer_is_on_record(customer: Browser, sandbox: Sandbox):
    add(customer, GOOD)
    sandbox.turn_clock("1 minute")
    work(sandbox)
    wanted = select(Entry.action, Entry.data).where(
        Entry.action.like("tax_id.%") | Entry.action.like("%billing_changed")
    )
    entries = [tuple(row) for row in db.session.execute(wanted.order_by(Entry.id))]
    assert entries == [
        ("organization.billing_changed", {"fields": ["tax_ids"]}),
        ("tax_id.verified", {"type": "eu_vat"}),
    ]
    assert "Tax number verified" in customer.get("/").text


def test_it_is_printed_on_the_next_invoice(customer: Browser, sandbox: Sandbox):
    add(customer, GOOD)
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")  # a renewal's invoice is a draft for an hour
    work(sandbox)
    newer, older = sandbox.objects("invoices")
    assert GOOD in customer.get(f"/invoices/{newer['number']}").text
    assert GOOD not in customer.get(f"/invoices/{older['number']}").text


def test_before_the_first_purchase_it_waits_and_makes_no_customer(ada: Browser, sandbox: Sandbox):
    add(ada, GOOD)
    assert listed() == [(GOOD, "waiting")]
    assert "Checked when you choose a plan" in ada.get(PAGE).text
    assert sandbox.objects("customers") == []


def test_with_the_first_purchase_it_is_sent_and_on_the_first_invoice(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox
):
    add(ada, GOOD)
    subscribe(ada, "growth")
    assert [number["value"] for number in at_stripe(sandbox)] == [GOOD]
    assert listed()[0][1] in {"pending", "verified"}
    (invoice,) = sandbox.objects("invoices")
    assert invoice["customer_tax_ids"] == [{"type": "eu_vat", "value": GOOD}]


def test_one_that_stripe_refuses_then_does_not_stand_in_the_way(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    add(ada, "DE12")
    subscribe(ada, "growth")
    assert listed() == [("DE12", "refused")]
    assert "Not accepted" in ada.get(PAGE).text
    assert ada.get("/subscription").status_code == 200
    assert remove(ada).status_code == 303
    assert listed() == []


def test_a_number_of_the_wrong_form_is_explained_beside_its_field(customer: Browser, sandbox: Sandbox):
    answer = add(customer, "DE12")
    assert answer.status_code == 422
    assert "It should look like DE123456789." in answer.text
    assert 'value="DE12"' in answer.text
    assert listed() == at_stripe(sandbox) == []


@pytest.mark.parametrize(
    ("value", "kind", "why"),
    [
        ("", "eu_vat", "enter the number"),
        ("1" * 41, "eu_vat", "at most 40"),
        ("DE1\x0023", "eu_vat", "without special control"),
        ("DE1\u202e23", "eu_vat", "without special control"),
        (GOOD, "mars_vat", "choose one from the list"),
    ],
)
def test_what_cannot_be_is_explained(ada: Browser, value: str, kind: str, why: str):
    answer = add(ada, value, kind)
    assert answer.status_code == 422
    assert why in answer.text
    assert listed() == []


def test_however_it_is_spaced_it_is_one_number(customer: Browser, sandbox: Sandbox):
    for value in ("de 987 654.321", GOOD):
        assert add(customer, value).status_code == 303
    assert [number["value"] for number in at_stripe(sandbox)] == [GOOD]
    assert len(listed()) == 1


def test_a_form_sent_twice_adds_one_number(customer: Browser, sandbox: Sandbox):
    number = {"token": secrets.token_urlsafe(16), "type": "eu_vat", "value": GOOD}
    assert [customer.post(f"{PAGE}/tax-ids", data=number).status_code for _ in range(2)] == [303, 303]
    work(sandbox)
    assert len(at_stripe(sandbox)) == len(listed()) == 1


def test_an_old_form_does_not_bring_back_what_was_removed(customer: Browser, sandbox: Sandbox):
    number = {"token": secrets.token_urlsafe(16), "type": "eu_vat", "value": GOOD}
    customer.post(f"{PAGE}/tax-ids", data=number)
    remove(customer)
    answer = customer.post(f"{PAGE}/tax-ids", data=number)
    assert answer.status_code == 409
    assert listed() == at_stripe(sandbox) == []


def test_there_is_room_for_ten(ada: Browser):
    for n in range(10):
        add(ada, f"DE12345678{n}")
    answer = add(ada, "DE999999999")
    assert answer.status_code == 422
    assert "room for 10" in answer.text


def test_removing_takes_it_from_stripe_too(customer: Browser, sandbox: Sandbox):
    add(customer, GOOD)
    assert remove(customer).status_code == 303
    work(sandbox)
    assert listed() == at_stripe(sandbox) == []
    assert "None yet." in customer.get(PAGE).text


def test_the_event_may_come_before_the_answer(customer: Browser, sandbox: Sandbox):
    """A number added at Stripe's dashboard comes by its event alone, and goes by it."""
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    (owner,) = sandbox.objects("customers")
    address = f"{sandbox.url}/v1/customers/{owner['id']}/tax_ids"
    made = requests.post(address, data={"type": "eu_vat", "value": WAITS}, headers=headers, timeout=10).json()
    work(sandbox)
    assert listed() == [(WAITS, "pending")]
    requests.delete(f"{address}/{made['id']}", headers=headers, timeout=10)
    work(sandbox)
    assert listed() == []


def test_a_swap_gets_the_panel_alone(ada: Browser):
    answer = add(ada, GOOD, **{"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<section class="panel" id="billing-tax-ids"')
    assert "is printed on your invoices from now on" in answer.text
    refused = add(ada, "", **{"HX-Request": "true"})
    assert refused.status_code == 422
    assert refused.text.lstrip().startswith('<section class="panel" id="billing-tax-ids"')


def test_members_and_strangers_change_nothing(ada: Browser, cleo: Browser, person: Callable[..., Browser]):
    add(ada, GOOD)
    otto = person("Otto", ada.organization, Role.MEMBER)
    assert GOOD in otto.get(PAGE).text
    assert [add(otto, UNKNOWN).status_code, remove(otto).status_code, remove(cleo).status_code] == [403, 403, 404]
    assert GOOD not in cleo.get(PAGE).text
    assert listed() == [(GOOD, "waiting")]


def test_the_kinds_of_ones_own_country_come_first():
    assert next(iter(tax_types.by_country("FR").values()))[0].type == "eu_vat"
    assert [kind.type for kind in next(iter(tax_types.by_country("CH").values()))] == ["ch_vat", "ch_uid"]
    assert sum(len(kinds) for kinds in tax_types.by_country("DE").values()) == len(tax_types.TYPES)


@pytest.mark.parametrize("unknown", ["%00", "tax_unknown"])
def test_a_number_that_nobody_has_cannot_be_removed(ada: Browser, unknown: str):
    assert ada.post(f"{PAGE}/tax-ids/{unknown}/removal").status_code == 404
