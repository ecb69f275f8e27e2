"""The page /settings/billing: who is billed, where to and how; kept here, and at Stripe as soon as there is a customer."""

import secrets
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from sqlalchemy import select

from app.audit.models import Entry
from app.core.extensions import db
from app.organizations.models import Organization, Role
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work
from tests.statements import counted

PAGE = "/settings/billing"
LONDON = {
    "billing_name": "Analytical Engines Ltd",
    "line1": "12 St James's Square",
    "line2": "Second floor",
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "state": "",
    "country": "GB",
    "purchase_order": "PO-1842",
    "invoice_recipients": "books@example.com",
    "locale": "en_GB",
    "timezone": "Europe/London",
}
Subscribe = Callable[..., None]


def form(**changes: str) -> dict[str, str]:
    return {"token": secrets.token_urlsafe(16), **LONDON, **changes}


def saved(browser: Browser) -> dict[str, Any]:
    """Our row, read afresh, by the names of the form."""
    columns = [getattr(Organization, name) for name in LONDON]
    row = db.session.execute(select(*columns).where(Organization.id == browser.organization.id)).mappings().one()
    return dict(row)


def at_stripe(sandbox: Sandbox) -> dict[str, Any]:
    (customer,) = sandbox.objects("customers")
    return customer


def changes() -> list[dict[str, Any]]:
    wanted = select(Entry.data).where(Entry.action == "organization.billing_changed").order_by(Entry.id)
    return list(db.session.scalars(wanted))


def test_saving_before_the_first_purchase_keeps_everything_and_makes_no_customer(ada: Browser, sandbox: Sandbox):
    assert ada.post(PAGE, data=form()).status_code == 303
    assert saved(ada) == {**LONDON, "state": None, "invoice_recipients": ["books@example.com"]}
    assert sandbox.objects("customers") == []
    page = ada.get(PAGE).text
    for words in ("Saved.", "12 St James&#39;s Square", "PO-1842", "books@example.com", "Invoices issued from now on"):
        assert words in page


def test_what_was_saved_goes_to_stripe_with_the_first_purchase(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    ada.post(PAGE, data=form())
    subscribe(ada, "growth")
    customer = at_stripe(sandbox)
    assert customer["address"]["line1"] == "12 St James's Square"
    assert customer["invoice_settings"]["custom_fields"] == [{"name": "PO number", "value": "PO-1842"}]
    assert ada.organization.name == customer["name"]  # typed at checkout, one fact with the legal name here
    assert saved(ada)["billing_name"] == customer["name"]


def test_another_country_at_checkout_leaves_no_half_address(ada: Browser, nexus: Callable[..., Any], sandbox: Sandbox):
    ada.post(PAGE, data=form())
    buying = {"token": secrets.token_urlsafe(16), "name": "Analytical Engines GmbH", "country": "DE"}
    ada.post(f"/checkout/{nexus('growth').public_id}", data=buying)
    assert at_stripe(sandbox)["address"]["country"] == saved(ada)["country"] == "DE"
    assert at_stripe(sandbox)["address"]["line1"] is saved(ada)["line1"] is None


def test_a_customers_details_change_at_stripe_and_on_the_next_invoice_only(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox
):
    subscribe(ada, "growth")
    ada.post(PAGE, data=form())
    customer = at_stripe(sandbox)
    assert (customer["name"], customer["address"]["city"]) == ("Analytical Engines Ltd", "London")
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")  # a renewal's invoice is a draft for an hour
    work(sandbox)
    newer, older = sandbox.objects("invoices")
    assert (newer["customer_name"], newer["custom_fields"]) == (
        "Analytical Engines Ltd",
        [{"name": "PO number", "value": "PO-1842"}],
    )
    assert (older["customer_name"], older["custom_fields"]) == ("Analytical Engines", None)
    assert "PO-1842" in ada.get(f"/invoices/{newer['number']}").text
    assert "PO-1842" not in ada.get(f"/invoices/{older['number']}").text


def test_emptied_parts_are_emptied_at_stripe(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    ada.post(PAGE, data=form())
    ada.post(PAGE, data=form(line2="", purchase_order="", invoice_recipients=""))
    customer = at_stripe(sandbox)
    assert customer["address"]["line2"] is None
    assert not customer["invoice_settings"]["custom_fields"]
    assert saved(ada)["invoice_recipients"] == []


def test_other_fields_that_the_seller_prints_stay(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    edit_at_stripe(sandbox, {"invoice_settings[custom_fields][0][name]": "Cost centre"} | {CUSTOM_VALUE: "77"})
    ada.post(PAGE, data=form())
    printed = at_stripe(sandbox)["invoice_settings"]["custom_fields"]
    assert printed == [{"name": "Cost centre", "value": "77"}, {"name": "PO number", "value": "PO-1842"}]


CUSTOM_VALUE = "invoice_settings[custom_fields][0][value]"


def edit_at_stripe(sandbox: Sandbox, values: dict[str, str]) -> None:
    """Somebody of the seller edits the customer in Stripe's dashboard."""
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    address = f"{sandbox.url}/v1/customers/{at_stripe(sandbox)['id']}"
    requests.post(address, data=values, headers=headers, timeout=10).raise_for_status()


def test_an_edit_at_stripe_is_absorbed_and_recipients_stay_ours(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    ada.post(PAGE, data=form())
    work(sandbox)
    before = saved(ada)
    edit_at_stripe(sandbox, {"name": "Engines & Sons", "address[city]": "Leeds", "email": "someone@example.com"})
    work(sandbox)
    assert saved(ada) == {**before, "billing_name": "Engines & Sons", "city": "Leeds"}
    assert changes()[-1] == {"fields": ["billing_name", "city"]}


def test_the_record_names_what_changed_and_nothing_of_what_it_says(ada: Browser):
    ada.post(PAGE, data=form())
    ada.post(PAGE, data=form(city="Leeds", timezone="UTC"))
    ada.post(PAGE, data=form(city="Leeds", timezone="UTC"))
    assert changes()[1:] == [{"fields": ["city", "timezone"]}]
    assert "Leeds" not in str(changes())
    assert "Billing details changed" in ada.get("/").text


def test_a_form_sent_twice_is_one_change(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    twice = form()
    assert [ada.post(PAGE, data=twice).status_code for _ in range(2)] == [303, 303]
    assert len(changes()) == 1


def test_an_old_form_sent_again_does_not_pretend(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    old = form()
    ada.post(PAGE, data=old)
    ada.post(PAGE, data=form(city="Leeds"))
    answer = ada.post(PAGE, data=old)
    assert answer.status_code == 409
    assert "already used" in answer.text
    assert at_stripe(sandbox)["address"]["city"] == saved(ada)["city"] == "Leeds"


def test_of_two_tabs_the_later_wins_whole(ada: Browser, bob: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    tabs = [(ada, form()), (bob, form(billing_name="Bob's", line1="1 High St", city="Leeds", purchase_order=""))]
    threads = [threading.Thread(target=who.post, args=(PAGE,), kwargs={"data": values}) for who, values in tabs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    customer, row = at_stripe(sandbox), saved(ada)
    names = ("billing_name", "line1", "city")
    assert [row[name] for name in names] in [[values[name] for name in names] for _who, values in tabs]
    assert [customer["name"], customer["address"]["line1"], customer["address"]["city"]] == [
        row[name] for name in names
    ]


def test_half_of_a_change_is_not_kept_when_stripe_does_not_answer(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    before = saved(ada)
    fault = {"call": "error", "operation": "POST /v1/customers/{customer}", "count": 3}
    requests.post(f"{sandbox.url}/_sandbox/faults", json={"plan": [fault]}, timeout=10).raise_for_status()
    answer = ada.post(PAGE, data=form(city="Leeds"))
    assert answer.status_code == 503
    assert 'value="Leeds"' in answer.text
    assert saved(ada) == before


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("billing_name", "", "enter the name to print"),
        ("billing_name", "x" * 300, "at most 200"),
        ("billing_name", "Ada\x00Lovelace", "without special control"),
        ("line1", "High\u202eSt", "without special control"),
        ("line2", "one\ntwo", "without special control"),
        ("city", "\x1b[31m", "without special control"),
        ("postal_code", "9" * 21, "at most 20"),
        ("country", "XX", "choose a country from the list"),
        ("country", "", "choose the country"),
        ("purchase_order", "9" * 141, "at most 140"),
        ("invoice_recipients", "books@example.com, nobody", "“nobody” is not a mail address"),
        ("invoice_recipients", "a\x00@example.com", "is not a mail address"),
        ("invoice_recipients", "\n".join(f"a{n}@example.com" for n in range(11)), "at most 10"),
        ("locale", "xx_XX", "choose one from the list"),
        ("timezone", "Mars/Olympus", "choose a time zone"),
    ],
)
def test_what_cannot_be_is_explained_and_nothing_typed_is_lost(ada: Browser, field: str, value: str, why: str):
    before = saved(ada)
    answer = ada.post(PAGE, data=form(**{field: value}))
    assert answer.status_code == 422
    assert why in answer.text
    kept = "PO-1842" if field != "purchase_order" else "SW1Y 4JH"
    assert f'value="{kept}"' in answer.text
    assert saved(ada) == before


def test_copied_marks_that_nobody_sees_are_dropped(ada: Browser):
    ada.post(PAGE, data=form(line1="\u200e12 St James's Square\ufeff "))
    assert saved(ada)["line1"] == "12 St James's Square"


def test_a_time_zone_can_be_chosen_before_any_address(ada: Browser):
    nowhere = dict.fromkeys(("line1", "line2", "postal_code", "city", "country"), "")
    assert ada.post(PAGE, data=form(**nowhere, timezone="Asia/Tokyo")).status_code == 303
    assert saved(ada)["timezone"] == "Asia/Tokyo"


def test_recipients_are_each_kept_once(ada: Browser):
    ada.post(PAGE, data=form(invoice_recipients="Books@Example.com\nbooks@example.com; tax@example.com"))
    assert saved(ada)["invoice_recipients"] == ["books@example.com", "tax@example.com"]


def test_further_recipients_get_the_receipt_and_no_other_mail(
    ada: Browser, subscribe: Subscribe, mailbox: Mailbox, sandbox: Sandbox
):
    ada.post(PAGE, data=form(invoice_recipients="books@example.com\nada@example.com"))
    subscribe(ada, "growth")
    ada.post("/settings/team/invitations", data={"email": "dora@example.com", "role": "member"})
    work(sandbox)
    (mail,) = mailbox.to("books@example.com")
    assert mail["subject"].startswith("Receipt for")
    assert mailbox.subjects("ada@example.com").count(mail["subject"]) == 1
    assert len(mailbox.subjects("ada@example.com")) > 1


def test_a_member_looks_and_changes_nothing(ada: Browser, person: Callable[..., Browser]):
    ada.post(PAGE, data=form())
    otto = person("Otto", ada.organization, Role.MEMBER)
    page = otto.get(PAGE)
    for words in ("12 St James&#39;s Square", "United Kingdom", "PO-1842", "books@example.com", "Europe/London"):
        assert words in page.text
    for words in ("<select", "Save", "Add tax number", "Remove"):
        assert words not in page.text
    assert otto.post(PAGE, data=form(city="Leeds")).status_code == 403
    assert saved(ada)["city"] == "London"


def test_the_billing_role_saves(ada: Browser, bob: Browser):
    assert bob.post(PAGE, data=form()).status_code == 303
    assert saved(ada)["city"] == "London"


def test_another_organizations_details_are_not_shown(ada: Browser, cleo: Browser):
    ada.post(PAGE, data=form())
    cleo.post(PAGE, data=form(line1="1 Rue de Rivoli", city="Paris"))
    assert "St James" not in cleo.get(PAGE).text
    assert saved(ada)["city"] == "London"


def test_a_visitor_and_a_forged_form_change_nothing(ada: Browser, client: Browser):
    assert client.post(PAGE, data=form()).location == "/login"
    assert ada.post(PAGE, data=form(), csrf=False).status_code == 400
    assert saved(ada)["city"] is None


def test_looking_costs_few_statements_and_no_call(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    ada.get(PAGE)
    with counted() as statements:
        assert ada.get(PAGE).status_code == 200
    assert len(statements) <= 6


def test_another_balance_or_address_at_stripe_is_another_next_charge(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox
):
    subscribe(ada, "growth")
    edit_at_stripe(sandbox, {"balance": "-1000", "name": "Engines & Sons"})
    work(sandbox)
    assert "$89.00" in ada.get("/").text
