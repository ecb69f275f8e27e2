"""What customers read while a renewal is not paid: on their pages and in their mails the same."""

import re
from collections.abc import Callable

import pytest

from app.dunning.models import DunningCase
from tests.admin.pressing import press
from tests.cast import Browser
from tests.dunning.conftest import invoice_of, let_pass
from tests.helpers import Mailbox, Sandbox
from tests.invoices.owing import ASKS_ALWAYS

Renewal = Callable[..., DunningCase]
ADA = "ada@example.com"
BLOCKED = "pm_card_radarBlock"
MOMENT = r"\d+ \w+ \d{4}, \d\d:\d\d UTC"


def main(page: str) -> str:
    """The plan, on the overview or the page of the subscription, in words alone."""
    panel = re.search(r'<section id="(overview-plan|subscription-panel)".*?</section>', page, re.DOTALL)
    assert panel
    return " ".join(re.sub(r"<[^>]+>", " ", panel[0]).split())


def banner(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split('id="banner"')[1].split("<main")[0]).split())


def mail(mailbox: Mailbox, subject: str) -> str:
    """The newest one, once its two forms were found to say the same amounts and dates."""
    found = next(one for one in mailbox.to(ADA) if subject in one["subject"])
    facts = rf"\$[\d.]+|{MOMENT}|•••• \d{{4}}"
    assert set(re.findall(facts, found["text"])) == set(re.findall(facts, found["html"]))
    return str(found["text"])


@pytest.mark.parametrize(
    ("bad", "words"),
    [(ASKS_ALWAYS, "We do not try again without you."), (BLOCKED, "With another card we try again at once.")],
)
def test_an_attempt_that_will_not_be_made_has_no_date(
    bad: str, words: str, ada: Browser, sam: Browser, renewal: Renewal, sandbox: Sandbox
):
    case = renewal(bad)
    for _ in range(2):
        page = ada.get("/").text
        assert words in banner(page)
        assert "Next attempt" not in page
        assert "Next attempt" not in ada.get(f"/invoices/{invoice_of(case).number}").text
        let_pass(sandbox, "72 hours")
        if case.next_attempt_at is None:
            break
    staff = sam.get("/admin/dunning?sort=next").text
    assert "Analytical Engines" not in staff


def test_dates_are_given_to_the_minute_everywhere(ada: Browser, renewal: Renewal, mailbox: Mailbox):
    renewal()
    pages = [banner(ada.get("/").text), main(ada.get("/").text), main(ada.get("/subscription").text)]
    for said in [*pages, mail(mailbox, "was declined")]:
        assert re.search(rf"Next attempt: {MOMENT}", said)
    for said in pages:
        assert re.search(rf"(Your plan stays active|You keep full access) until {MOMENT}\.", said)


def test_the_mail_of_a_bank_that_asks_names_its_deadline_to_the_minute(renewal: Renewal, mailbox: Mailbox):
    renewal(ASKS_ALWAYS)
    assert re.search(rf"You keep full access until {MOMENT}\.", mail(mailbox, "Please confirm"))


def test_what_is_owed_comes_before_the_next_charge_with_the_way_to_pay(ada: Browser, renewal: Renewal):
    pay = f'href="/invoices/{invoice_of(renewal()).number}/payment"'
    for address in ("/", "/subscription"):
        page = ada.get(address).text
        said = main(page)
        assert said.index("Amount due $99.00") < said.index("Next charge")
        assert "Pay now" in said
        assert page.split("<main")[1].count(pay) == 1


def test_after_the_last_attempt_nothing_is_promised(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    renewal()
    for _ in range(2):
        let_pass(sandbox, "72 hours")
    page = ada.get("/").text
    for said in (banner(page), main(page), main(ada.get("/subscription").text)):
        assert "tried again" not in said
        assert "Next attempt" not in said
    assert "We do not try again by ourselves." in banner(page)


def test_no_plan_begins_after_a_period_that_is_not_paid(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    renewal()
    said = ada.get("/plans").text
    assert "what you have paid for" not in said
    assert "ends with its paid period" not in said
    assert "/subscription/change/" not in said
    assert "Pay it first, then you can change." in said


def test_the_mails_name_the_card_and_which_attempt_is_the_last(renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox):
    renewal()
    first = mail(mailbox, "was declined")
    assert "Card: Visa •••• 0341" in first
    assert "last one" not in first
    let_pass(sandbox, "72 hours")
    assert re.search(rf"Next attempt: {MOMENT}, the last one", mail(mailbox, "was declined"))
    let_pass(sandbox, "72 hours")
    assert "Next attempt" not in mail(mailbox, "Last notice")


@pytest.mark.parametrize("mode", ["app", "stripe", "stopped"])
def test_the_end_of_access_is_told_when_it_comes_and_once(
    mode: str,
    sam: Browser,
    renewal: Renewal,
    settings: Callable[..., None],
    sandbox: Sandbox,
    mailbox: Mailbox,
):
    settings(dunning_mode="stripe" if mode == "stripe" else "app")
    case = renewal()
    if mode == "stopped":
        press(sam, "/admin/dunning/stop", case.public_id, reason="Pays by transfer")
    subject = "Access to Growth is restricted until $99.00 is paid"
    seen = []
    for time in ("72 hours", "72 hours", "23 hours", "2 hours", "10 days"):
        let_pass(sandbox, time)
        seen.append(mailbox.subjects(ADA).count(subject))
    assert seen == [0, 0, 0, 1, 1]
    said = mail(mailbox, subject)
    for words in ("Everything comes back at once with the payment.", "Amount due: $99.00", "/pay/"):
        assert words in said


def test_whoever_pays_in_time_hears_nothing_of_an_end_of_access(
    ada: Browser, renewal: Renewal, use_card: Callable[..., None], sandbox: Sandbox, mailbox: Mailbox
):
    renewal()
    use_card(ada, "4242424242424242")
    let_pass(sandbox, "9 days")
    assert not any("restricted" in subject for subject in mailbox.subjects(ADA))
