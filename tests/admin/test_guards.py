"""Nobody but staff finds anything below /admin, and staff only shortly after they said their password."""

from datetime import timedelta

import pytest
from flask import Flask

from app.admin import guards
from app.audit.models import Entry
from app.auth.models import User, UserSession
from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from tests.cast import PASSWORD, Browser

SELLING = ["/admin/movements", "/admin/customers", "/admin/subscriptions", "/admin/invoices", "/admin/dunning"]
LISTS = [*SELLING, "/admin/webhooks", "/admin/tasks", "/admin/calls", "/admin/reconciliation", "/admin/unbilled"]
PAGES = [
    *("/admin/", "/admin/sign-in", *LISTS),
    *("/admin/customers/org_1", "/admin/webhooks/evt_1", "/admin/tasks/1", "/admin/reconciliation/dif_1"),
    *("/admin/dunning/dun_1", "/admin/invoices/inv_1", "/admin/invoices/inv_1/pdf"),
]
PRESSES = [
    *("webhooks/replay", "webhooks/discard", "tasks/retry", "tasks/discard", "calls/look"),
    "customers/org_1/sync",
    *("dunning/retry", "dunning/stop"),
    *("reconciliation/rounds", "reconciliation/repair", "reconciliation/ignore"),
    "unbilled/settle",
]
DEEDS = ["/admin/sign-in", *(f"/admin/{press}" for press in PRESSES)]


@pytest.fixture
def stale(sam: Browser) -> Browser:
    """Sam, who said his password a while ago."""
    db.session.execute(db.update(UserSession).values(fresh_at=clock.wall() - guards.FRESH - timedelta(seconds=1)))
    commit()
    return sam


def test_the_lists_of_this_test_name_every_door(app: Flask) -> None:
    doors = {(rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    staffs = {(path, method) for path, method in doors if path.startswith("/admin") and method in ("GET", "POST")}
    names = {
        "org_1": "<public_id>",
        "evt_1": "<event_id>",
        "dif_1": "<public_id>",
        "dun_1": "<public_id>",
        "inv_1": "<name>",
        "1": "<int:task_id>",
    }
    pages, deeds = (["/".join(names.get(p, p) for p in path.split("/")) for path in paths] for paths in (PAGES, DEEDS))
    assert staffs == {(rule, "GET") for rule in pages} | {(rule, "POST") for rule in deeds}


@pytest.mark.parametrize("address", PAGES)
def test_a_customer_finds_nothing(ada: Browser, address: str) -> None:
    answer = ada.get(address)
    assert answer.status_code == 404
    assert "Staff" not in answer.text


@pytest.mark.parametrize("address", DEEDS)
def test_a_customer_can_do_nothing(ada: Browser, address: str) -> None:
    assert ada.post(address).status_code == 404


def test_who_tried_is_on_record(ada: Browser) -> None:
    ada.get("/admin/webhooks")
    (entry,) = db.session.scalars(db.select(Entry))
    assert (entry.action, entry.actor) == ("access.denied", ada.user.public_id)
    assert entry.data == {"endpoint": "admin.webhooks.index"}


@pytest.mark.parametrize("address", PAGES)
def test_a_visitor_is_sent_to_sign_in_and_comes_back(client: Browser, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (302, f"/login?next={address}")


@pytest.mark.parametrize("address", [page for page in PAGES if page != "/admin/sign-in"])
def test_a_password_said_long_ago_is_asked_for_again(stale: Browser, address: str) -> None:
    answer = stale.get(address)
    assert (answer.status_code, answer.location) == (303, f"/admin/sign-in?next={address}")


def test_with_it_one_comes_back_to_the_page(stale: Browser) -> None:
    answer = stale.post("/admin/sign-in?next=/admin/webhooks?state=parked", data={"password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/admin/webhooks?state=parked")
    assert stale.get("/admin/webhooks").status_code == 200


@pytest.mark.parametrize("next", ["https://evil.test", "//evil.test", "/\\evil.test", ""])
def test_one_never_comes_out_elsewhere(stale: Browser, next: str) -> None:
    answer = stale.post("/admin/sign-in", query_string={"next": next}, data={"password": PASSWORD})
    assert answer.location == "/admin/"


def test_a_wrong_password_opens_nothing(stale: Browser) -> None:
    answer = stale.post("/admin/sign-in", data={"password": "paper-and-glue"})
    assert answer.status_code == 422
    assert "Email and password do not match." in answer.text
    assert stale.get("/admin/webhooks").status_code == 303


def test_guessing_is_slowed_down(stale: Browser) -> None:
    answers = [stale.post("/admin/sign-in", data={"password": "guess"}).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_a_deed_of_a_stale_page_is_not_done_and_leads_back_to_it(stale: Browser, receive) -> None:
    event = receive()
    answer = stale.post("/admin/webhooks/replay", data={"chosen": event, "next": "/admin/webhooks?state=parked"})
    assert (answer.status_code, answer.location) == (303, "/admin/sign-in?next=/admin/webhooks?state%3Dparked")
    assert db.session.scalars(db.select(Entry)).all() == []


@pytest.mark.parametrize("press", PRESSES)
def test_a_deed_needs_it_too(stale: Browser, press: str) -> None:
    assert stale.post(f"/admin/{press}").location == "/admin/sign-in"


@pytest.mark.parametrize("address", [address for address in LISTS if address != "/admin/customers"])
def test_an_own_frame_without_a_customers_organization(sam: Browser, address: str) -> None:
    page = sam.get(address).text
    assert "frame-staff" in page
    assert sam.organization.public_id not in page


def test_only_staff_is_shown_the_way_there(sam: Browser, ada: Browser) -> None:
    assert ["/admin/" in who.get("/").text for who in (sam, ada)] == [True, False]


def test_who_has_just_said_it_is_not_asked_again(sam: Browser) -> None:
    assert sam.get("/admin/sign-in?next=/admin/tasks").location == "/admin/tasks"


def test_who_is_no_longer_staff_is_out_at_once(sam: Browser) -> None:
    db.session.execute(db.update(User).values(is_staff=False))
    commit()
    assert sam.get("/admin/webhooks").status_code == 404
