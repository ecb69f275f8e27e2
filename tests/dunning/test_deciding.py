"""What staff can do about a failed renewal: look, try now, stop; each press counts once."""

import re
import secrets
from collections.abc import Callable

import pytest

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.dunning.models import DunningCase
from app.invoices import paying
from tests.admin.pressing import press, told, walk
from tests.cast import Browser
from tests.dunning.conftest import charges, invoice_of, ledger, let_pass, portal_state, restrictions, state
from tests.helpers import Mailbox, Sandbox, work
from tests.invoices.owing import VISA, give_card

Renewal = Callable[..., DunningCase]


def audited(case: DunningCase) -> list[tuple[str, str, str | None]]:
    about = db.select(Entry).where(Entry.subject == case.public_id, Entry.action.startswith("dunning_case."))
    return [(entry.action, entry.actor, entry.data.get("reason")) for entry in db.session.scalars(about)]


def test_the_list_names_customer_reason_amount_and_next_attempt(sam: Browser, renewal: Renewal):
    renewal()
    page = sam.get("/admin/dunning").text
    for words in ("Analytical Engines", "Collecting", "Declined", "$99.00", "in 3 days"):
        assert words in page


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [
        ("state=unpaid", True),
        ("state=recovered", False),
        ("reason=declined", True),
        ("reason=no_method", False),
        ("who=analytical", True),
        ("who=hypatia", False),
        ("number=nothing", False),
        ("sort=next", True),
        ("sort=nonsense&state=nonsense&who=%00", True),
    ],
)
def test_it_is_filtered_by_the_server(query: str, is_shown: bool, sam: Browser, renewal: Renewal):
    renewal()
    page = sam.get(f"/admin/dunning?{query}").text
    assert ("Analytical Engines" in page) == is_shown
    assert ("No case matches these filters." in page) != is_shown


def test_the_list_leads_to_the_customer_and_to_the_case(ada: Browser, sam: Browser, renewal: Renewal):
    case = renewal()
    customer, about = f"/admin/customers/{ada.organization.public_id}", f"/admin/dunning/{case.public_id}"
    page = sam.get("/admin/dunning").text
    assert f'<a href="{customer}">Analytical Engines</a>' in page
    assert f'<a href="{about}"' in page
    assert f'<a href="{customer}">Analytical Engines</a>' in sam.get(about).text


def test_nobody_but_staff_finds_it(ada: Browser, renewal: Renewal):
    case = renewal()
    for address in ("/admin/dunning", f"/admin/dunning/{case.public_id}"):
        assert ada.get(address).status_code == 404
    assert press(ada, "/admin/dunning/stop", case.public_id, reason="mine").status_code == 404


def test_a_case_shows_its_ledger(sam: Browser, renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    let_pass(sandbox, "72 hours")
    page = sam.get(f"/admin/dunning/{case.public_id}").text
    for words in ("own charge", "Planned attempt", "generic_decline", "planned", "This portal"):
        assert words in page
    assert sam.get("/admin/dunning/dun_nothing").status_code == 404


def test_trying_now_counts_once_and_changes_nothing_about_the_plan(
    ada: Browser, sam: Browser, renewal: Renewal, sandbox: Sandbox
):
    case, token = renewal(), secrets.token_urlsafe(16)
    for _ in range(2):
        assert "1 attempt was asked for." in told(sam, press(sam, "/admin/dunning/retry", case.public_id, token=token))
        work(sandbox)
    assert charges(ada, sandbox) == [False, False]
    assert ledger(case)[1:] == [("staff", "failed"), ("schedule", "planned"), ("schedule", "planned")]
    assert audited(case) == [("dunning_case.retried", sam.user.public_id, None)]


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main")[1]).split())


def test_the_ledger_says_in_its_order_who_asked_for_what(
    sam: Browser, renewal: Renewal, sandbox: Sandbox, settings: Callable[..., None]
):
    case = renewal()
    assert "Retry $99.00 now" in sam.get(f"/admin/dunning/{case.public_id}").text
    sandbox.turn_clock("1 hour")
    clock.refresh()
    press(sam, "/admin/dunning/retry", case.public_id)
    work(sandbox)
    said = words_of(sam.get(f"/admin/dunning/{case.public_id}").text)
    steps = ["Planned attempt", "Attempt asked for by staff", "Attempt asked for", "by Sam", "own charge"]
    places = [said.index(step) if step != "by Sam" else said.rindex(step) for step in steps]
    assert places == sorted(places)
    assert sam.user.public_id not in said


def test_stopping_names_what_it_is_about(sam: Browser, renewal: Renewal):
    case = renewal()
    page = words_of(press(sam, "/admin/dunning/stop", case.public_id).text)
    assert f"Analytical Engines, {invoice_of(case).number}, $99.00" in page
    assert "dun_" not in page


def test_a_recovered_case_says_what_it_was_about(
    ada: Browser, sam: Browser, renewal: Renewal, use_card: Callable[..., None]
):
    case = renewal()
    assert "All on this page" in sam.get("/admin/dunning").text
    use_card(ada, "4242424242424242")
    said = words_of(sam.get(f"/admin/dunning/{case.public_id}").text)
    assert "Amount $99.00" in said
    assert "Full access until" not in said
    rows = words_of(sam.get("/admin/dunning").text)
    assert "$99.00" in rows
    for button in ("All on this page", "Retry now", "Stop"):
        assert button not in rows.split("Amount")[-1]


def test_a_case_leads_to_its_customer_and_its_subscription(ada: Browser, sam: Browser, renewal: Renewal):
    case = renewal()
    page = sam.get(f"/admin/dunning/{case.public_id}").text
    assert f"/admin/customers/{ada.organization.public_id}" in page
    assert f"/admin/subscriptions?who={case.subscription_stripe_id}" in page
    theirs = sam.get(f"/admin/customers/{ada.organization.public_id}").text
    (cases,) = re.findall(r'href="(/admin/dunning\?who=[^"]+)"', theirs)
    assert case.public_id in sam.get(cases).text


def test_trying_now_with_a_good_card_recovers(ada: Browser, sam: Browser, renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    give_card(ada, VISA)
    press(sam, "/admin/dunning/retry", case.public_id)
    work(sandbox)
    assert state(case) == "recovered"
    assert charges(ada, sandbox).count(True) == 1
    assert "Nothing was left to collect." in told(sam, press(sam, "/admin/dunning/retry", case.public_id))


def test_stopping_asks_for_a_reason_and_then_nothing_is_charged(
    ada: Browser, sam: Browser, renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal()
    assert "Stop 1 case?" in press(sam, "/admin/dunning/stop", case.public_id).text
    assert state(case) == "open"
    done = told(sam, press(sam, "/admin/dunning/stop", case.public_id, reason="Pays by transfer"))
    assert "1 case was stopped." in done
    before = len(mailbox.to("ada@example.com"))
    for _ in range(3):
        let_pass(sandbox, "72 hours")
    assert charges(ada, sandbox) == [False]
    later = mailbox.subjects("ada@example.com")[:-before]
    assert later == ["Access to Growth is restricted until $99.00 is paid"]
    assert audited(case) == [("dunning_case.stopped", sam.user.public_id, "Pays by transfer")]
    assert "The automatic attempts to charge the card were stopped" in ada.get("/").text


def test_a_stopped_case_is_not_charged_to_another_card_by_itself(
    ada: Browser, sam: Browser, renewal: Renewal, use_card: Callable[..., None], sandbox: Sandbox
):
    case = renewal()
    press(sam, "/admin/dunning/stop", case.public_id, reason="Pays by transfer")
    use_card(ada, "4242424242424242")
    assert (state(case), charges(ada, sandbox)) == ("stopped", [False])


def test_a_stopped_case_can_still_be_paid(ada: Browser, sam: Browser, renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    press(sam, "/admin/dunning/stop", case.public_id, reason="Pays by transfer")
    paying.pay(ada.organization, invoice_of(case), give_card(ada, VISA), "t" * 22)
    db.session.commit()
    work(sandbox)
    assert state(case) == "recovered"


def test_a_case_whose_attempts_are_over_can_be_kept_from_its_end(
    ada: Browser, sam: Browser, renewal: Renewal, sandbox: Sandbox, settings: Callable[..., None]
):
    settings(dunning_final_action="cancel")
    case = renewal()
    for _ in range(2):
        let_pass(sandbox, "72 hours")
    assert state(case) == "exhausted"
    press(sam, "/admin/dunning/stop", case.public_id, reason="A transfer is under way")
    let_pass(sandbox, "2 days")
    assert (state(case), portal_state(ada)) == ("stopped", "restricted")


def test_pages_of_cases_go_both_ways(sam: Browser, renewal: Renewal):
    case = renewal()
    pages, last = walk(sam, "/admin/dunning?sort=oldest", "next")
    assert pages == [[case.public_id]]
    assert walk(sam, last, "prev")[0] == pages


def test_grace_ends_for_a_stopped_case_too(sam: Browser, renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    press(sam, "/admin/dunning/stop", case.public_id, reason="a cheque is on its way")
    let_pass(sandbox, "7 days")
    assert (restrictions(case), state(case)) == (1, "stopped")
