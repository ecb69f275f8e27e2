"""The sheet's page: what it costs the machine, whom it lets in, and what it says to nonsense."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from app.core import clock
from app.core.extensions import db
from app.subscriptions.changes import fit
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.statements import counted

from .changing import CHANGE, Nexus, Subscribe, address, change_to, form_of, look, of, press, soup, turn, words

STATEMENTS, CALLS = 8, 2


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


def calls(sandbox: Sandbox) -> list[str]:
    """What was asked of Stripe so far, but for what tests ask."""
    log: list[dict[str, Any]] = requests.get(f"{sandbox.url}/_sandbox/log", timeout=10).json()["data"]
    return [f"{entry['method']} {entry['path']}" for entry in log if entry["path"].startswith("/v1/")]


@pytest.mark.parametrize(("plan", "interval"), [("pro", "month"), ("starter", "month"), ("pro", "year")])
def test_a_sheet_takes_eight_statements_and_two_calls(
    subscribed: Browser, nexus: Nexus, sandbox: Sandbox, plan: str, interval: str
):
    price = nexus(plan, interval)
    look(subscribed, price)
    before = len(calls(sandbox))
    with counted() as statements:
        assert look(subscribed, price).status_code == 200
    assert len(statements) <= STATEMENTS, statements
    assert len(calls(sandbox)) - before <= CALLS


def test_so_does_one_that_replaces_a_scheduled_change(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    change_to(subscribed, nexus("starter"))
    look(subscribed, nexus("pro"))
    before = len(calls(sandbox))
    with counted() as statements:
        assert look(subscribed, nexus("pro")).status_code == 200
    assert len(statements) <= STATEMENTS, statements
    assert len(calls(sandbox)) - before <= CALLS


def test_looking_changes_nothing(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    version = of(subscribed).version
    look(subscribed, nexus("pro"))
    look(subscribed, nexus("starter"))
    work(sandbox)
    assert of(subscribed).version == version
    assert len(sandbox.objects("invoices")) == 1


def test_the_sheet_renews_itself_as_a_piece_and_says_so(subscribed: Browser, nexus: Nexus):
    page = soup(look(subscribed, nexus("pro"))).find(id="subscription-sheet")
    assert page is not None
    assert page["hx-trigger"] == "load delay:300s"
    piece = subscribed.get(str(page["hx-get"]), headers={"HX-Request": "true"})
    assert piece.text.lstrip().startswith('<div id="subscription-sheet"')
    assert "The amounts were renewed after five minutes." in piece.text


def test_a_sheet_older_than_five_minutes_is_shown_anew(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    turn(sandbox, "6 minutes")
    answer = press(subscribed, nexus("pro"), form)
    assert answer.status_code == 409
    assert "older than five minutes" in words(answer)
    assert form_of(answer)["at"] != form["at"]
    assert of(subscribed).price_id == nexus("growth").id
    assert len(sandbox.objects("invoices")) == 1
    assert press(subscribed, nexus("pro"), form_of(answer)).status_code == 303


def test_another_amount_than_would_be_charged_is_shown_anew(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    for field in ("due", "renewal"):
        answer = press(subscribed, nexus("pro"), form | {field: "1"})
        assert answer.status_code == 409
        assert "The amounts have changed" in words(answer)
        assert form_of(answer)[field] == form[field]
    assert len(sandbox.objects("invoices")) == 1


def test_an_instant_that_is_made_up_is_refused(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    for seconds in (-3600, 3600, 10**9):
        at = str(int(clock.now().timestamp()) + seconds)
        assert press(subscribed, nexus("pro"), form | {"at": at}).status_code == 409
    assert len(sandbox.objects("invoices")) == 1


WRONG = (
    {"token": "short"},
    {"token": ""},
    {"way": "free"},
    {"at": "now"},
    {"at": "9" * 30},
    {"due": "-1"},
    {"due": "1.5"},
    {"renewal": "\0"},
    {"quantity": ""},
    {"quantity": "0"},
    {"quantity": "-1"},
    {"quantity": "1.5"},
    {"quantity": "2"},
    {"quantity": str(10**12)},
    {"quantity": "many"},
    {"quantity": "1\0"},
)


def test_a_form_that_is_no_form_of_ours_is_refused(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    answers = {str(wrong): press(subscribed, nexus("pro"), form | wrong).status_code for wrong in WRONG}
    assert answers == dict.fromkeys(answers, 422)
    assert of(subscribed).price_id == nexus("growth").id


def test_a_price_nobody_knows_is_not_found(subscribed: Browser):
    for made_up in ("price_nobody", "%00", "price%00", "..", "%F0%9F%92%B3"):
        assert subscribed.get(f"{CHANGE}/{made_up}").status_code == 404, made_up


def test_another_currency_is_refused(subscribed: Browser, nexus: Nexus):
    answer = look(subscribed, nexus("pro", "month", "eur"))
    assert answer.status_code == 409
    assert "another currency" in words(answer)


@pytest.mark.parametrize("column", ["price", "plan", "visibility"])
def test_what_is_no_longer_sold_is_refused_until_the_last_moment(subscribed: Browser, nexus: Nexus, column: str):
    pro = nexus("pro")
    form = form_of(look(subscribed, pro))
    if column == "price":
        pro.archived_at = clock.now()
    plan = db.session.get_one(type(pro).plan.property.mapper.class_, pro.plan_id)
    if column == "plan":
        plan.archived_at = clock.now()
    if column == "visibility":
        plan.visibility = "hidden"
    _changed()
    assert look(subscribed, pro).status_code == 400
    assert press(subscribed, pro, form).status_code == 400
    assert of(subscribed).price_id == nexus("growth").id


def _changed() -> None:
    from app.catalog.models import CatalogVersion

    db.session.execute(db.update(CatalogVersion).values(version="other"))
    db.session.commit()


def test_the_present_plan_says_that_it_is(subscribed: Browser, nexus: Nexus):
    answer = look(subscribed, nexus("growth"))
    assert answer.status_code == 409
    assert "This is your current plan." in words(answer)


def test_what_is_scheduled_already_says_so(subscribed: Browser, nexus: Nexus):
    change_to(subscribed, nexus("starter"))
    assert "already scheduled" in words(look(subscribed, nexus("starter")))


def test_who_has_no_plan_goes_to_checkout(ada: Browser, nexus: Nexus):
    answer = look(ada, nexus("pro"))
    assert (answer.status_code, answer.location) == (302, f"/checkout/{nexus('pro').public_id}")


def test_who_has_not_paid_first_is_told_to(ada: Browser, nexus: Nexus, sandbox: Sandbox):
    form = {"token": "s" * 22, "name": "Ada", "country": "GB"}
    ada.post(f"/checkout/{nexus('growth').public_id}", data=form)
    work(sandbox)
    answer = look(ada, nexus("pro"))
    assert answer.status_code == 409
    assert "Finish your payment" in words(answer)


def test_who_is_past_due_is_told_to_pay(
    subscribed: Browser, nexus: Nexus, sandbox: Sandbox, use_card: Callable[[Browser, str], None]
):
    use_card(subscribed, "4000000000000341")
    form = form_of(look(subscribed, nexus("starter")))
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    answer = look(subscribed, nexus("pro"))
    assert answer.status_code == 409
    assert "Pay the open invoice" in words(answer)
    assert press(subscribed, nexus("starter"), form).status_code == 409
    assert of(subscribed).scheduled_price is None


def test_who_is_paused_is_told_to_resume(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    subscribed.post("/subscription/pause", data={"token": "p" * 22, "until": "open"})
    turn(sandbox, "1 month")
    answer = look(subscribed, nexus("pro"))
    assert answer.status_code == 409
    assert "Resume" in words(answer)


def test_a_member_may_not_look(person: Callable[..., Browser], subscribed: Browser, nexus: Nexus):
    dora = person("Dora", subscribed.organization, "member")
    form = form_of(look(subscribed, nexus("pro")))
    assert look(dora, nexus("pro")).status_code == 403
    assert press(dora, nexus("pro"), form).status_code == 403
    assert dora.post(CHANGE, data={"_method": "DELETE", "change": "scheduled", "token": "t" * 22}).status_code == 403
    assert of(subscribed).price_id == nexus("growth").id


def test_a_stranger_changes_nothing_of_it(subscribed: Browser, cleo: Browser, nexus: Nexus, sandbox: Sandbox):
    change_to(subscribed, nexus("starter"))
    form = form_of(look(subscribed, nexus("pro")))
    assert press(cleo, nexus("pro"), form).status_code == 404
    cleo.post(CHANGE, data={"_method": "DELETE", "change": "scheduled", "token": "t" * 22})
    assert of(subscribed).scheduled_price_id == nexus("starter").id


def test_a_visitor_signs_in_first(client: Browser, nexus: Nexus):
    assert look(client, nexus("pro")).status_code in {302, 303}


def test_a_post_that_deletes_nothing_known_is_refused(subscribed: Browser):
    assert subscribed.post(CHANGE, data={"token": "t" * 22}).status_code == 422
    assert subscribed.post(CHANGE, data={"_method": "DELETE", "change": "all", "token": "t" * 22}).status_code == 422
    assert (
        subscribed.post(CHANGE, data={"_method": "DELETE", "change": "waiting", "token": "t" * 22}).status_code == 409
    )


def test_what_is_in_use_and_more_than_the_plan_holds_is_listed(
    subscribed: Browser, nexus: Nexus, monkeypatch: pytest.MonkeyPatch
):
    def check(subscription: object, plan: Any) -> list[str]:
        return [f"You use 7 of {plan.limit('storage_gb').amount - 5} GB."]

    monkeypatch.setattr(fit, "change_checks", [check])
    assert "More in use than Starter includes You use 7 of 5 GB." in words(look(subscribed, nexus("starter")))
    change_to(subscribed, nexus("starter"))
    said = words(subscribed.get("/subscription"))
    assert "You use 7 of 5 GB. Your data is never deleted" in said


def test_stripe_away_says_so_and_changes_nothing(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    plan = [{"call": "reset", "when": "before", "path": "/v1/invoices/create_preview", "count": None}]
    requests.post(f"{sandbox.url}/_sandbox/faults", json={"seed": 1, "plan": plan}, timeout=10).raise_for_status()
    assert look(subscribed, nexus("pro")).status_code == 503
    assert press(subscribed, nexus("pro"), form).status_code == 503
    assert len(sandbox.objects("invoices")) == 1


def test_the_plans_lead_here(subscribed: Browser, nexus: Nexus):
    links = {a.get_text(strip=True): a["href"] for a in soup(subscribed.get("/plans")).select(".plan a.button")}
    assert links["Choose Pro"] == address(nexus("pro"))
    assert links["Choose Starter"] == address(nexus("starter"))
    yearly = {
        a.get_text(strip=True): a["href"] for a in soup(subscribed.get("/plans?interval=year")).select(".plan a.button")
    }
    assert yearly["Choose Growth"] == address(nexus("growth", "year"))
