"""Why a renewal failed decides what is done next, and each reason has its own words."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.dunning import reasons
from app.dunning.models import DunningCase
from app.dunning.reasons import HARD, Reason, Trouble
from app.gateway.client import client
from app.gateway.payment_intents import IntentRecord
from tests.cast import Browser
from tests.dunning.conftest import charges, invoice_of, ledger, let_pass, state
from tests.helpers import CardForm, Mailbox, Sandbox, work
from tests.invoices.owing import ASKS_ALWAYS, FAILS_LATER
from tests.invoices.test_pay_routes import answer_the_bank

Renewal = Callable[..., DunningCase]
BLOCKED = "pm_card_radarBlock"
ADA = "ada@example.com"


def collecting(status: str = "requires_payment_method", **values: str) -> IntentRecord:
    return IntentRecord("pi_1", "cus_1", status, "pm_1", None, {}, **values)


@pytest.mark.parametrize("code", sorted(HARD))
def test_stripes_hard_declines_are_final_for_the_card(code: str):
    assert reasons.of(collecting(code=code)) == Trouble(Reason.REFUSED, code, "pm_1")


@pytest.mark.parametrize("code", ["generic_decline", "insufficient_funds", "do_not_honor", "processing_error"])
def test_other_declines_are_worth_another_attempt(code: str):
    assert reasons.of(collecting(code=code)) == Trouble(Reason.DECLINED, code, "pm_1")


def test_stripes_advice_makes_any_decline_final():
    found = reasons.of(collecting(code="expired_card", advice="do_not_try_again"))
    assert found == Trouble(Reason.REFUSED, "expired_card", "pm_1")


@pytest.mark.parametrize("code", ["lost_card", "stolen_card"])
def test_a_customer_is_not_told_that_a_card_is_reported_lost(code: str):
    assert reasons.sentence("refused", code) == reasons.sentence("refused", None)


def test_a_card_that_was_refused_for_good_is_not_charged_again(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal(BLOCKED)
    assert case.reason == "refused"
    mail = mailbox.to(ADA)[0]
    assert mail["subject"] == "Your payment of $99.00 for Growth was declined"
    assert "with another card only" in mail["text"]
    for _ in range(2):
        let_pass(sandbox, "72 hours")
    assert charges(ada, sandbox) == [False]
    assert ledger(case) == [("renewal", "failed"), ("schedule", "held"), ("schedule", "held")]
    assert (state(case), mailbox.subjects(ADA)[0]) == ("exhausted", "Last notice: $99.00 for Growth is still unpaid")


def test_without_a_card_nothing_is_declined(
    ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox, mailbox: Mailbox
):
    subscribe(ada, "growth")
    (subscription,) = client().v1.subscriptions.list({"customer": str(ada.organization.stripe_customer_id)}).data
    client().v1.payment_methods.detach(str(subscription.default_payment_method))
    for time in ("1 month", "2 hours"):
        let_pass(sandbox, time)
    case = db.session.scalars(db.select(DunningCase)).one()
    assert case.reason == "no_method"
    mail = mailbox.to(ADA)[0]
    assert mail["subject"] == "Add a card to keep Growth: $99.00 is due"
    assert "/payment-methods/new" in mail["text"]
    assert "declined" not in mail["text"] + mail["html"]
    assert "There is no card to charge." in ada.get("/").text
    let_pass(sandbox, "72 hours")
    assert ledger(case)[1] == ("schedule", "held")


def test_a_bank_that_asks_is_not_asked_again_and_its_owner_gets_the_link(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal(ASKS_ALWAYS)
    assert case.reason == "authentication"
    (mail,) = [mail for mail in mailbox.to(ADA) if mail["subject"] == "Please confirm your payment of $99.00"]
    assert "/pay/" in mail["text"]
    assert "We do not try again without you." in mail["text"]
    for _ in range(2):
        let_pass(sandbox, "72 hours")
    assert ledger(case) == [("renewal", "failed"), ("schedule", "held"), ("schedule", "held")]
    assert mailbox.subjects(ADA)[0] == "Last notice: $99.00 for Growth is still unpaid"


def test_confirming_by_the_link_recovers_and_says_so_once(
    ada: Browser, client: Browser, renewal: Renewal, card: CardForm, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal(ASKS_ALWAYS)
    link = next(word for word in mailbox.to(ADA)[0]["text"].split() if "/pay/" in word)
    form = {"token": "t" * 22, "amount": "9900", "card": "saved"}
    asked = client.post(link, data=form, headers={"Accept": "application/json"}).get_json()
    answer_the_bank(asked["client_secret"])
    work(sandbox)
    assert state(case) == "recovered"
    assert mailbox.subjects(ADA).count("Paid: Growth goes on") == 1


def test_a_card_refused_for_good_is_not_charged_after_another_was_declined(
    ada: Browser, renewal: Renewal, sandbox: Sandbox
):
    case = renewal(BLOCKED)
    customer = str(ada.organization.stripe_customer_id)
    second = client().v1.payment_methods.attach(FAILS_LATER, {"customer": customer}).id
    work(sandbox)
    form = {"token": "p" * 22, "amount": "9900", "card": second}
    assert ada.post(f"/invoices/{invoice_of(case).number}/payment", data=form).status_code == 402
    let_pass(sandbox, "72 hours")
    assert charges(ada, sandbox) == [False] * 2
    assert ledger(case)[-2:] == [("schedule", "held"), ("schedule", "planned")]


def test_nor_after_another_that_was_typed_in_was_declined(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, card: CardForm
):
    case = renewal(BLOCKED)
    page = f"/invoices/{invoice_of(case).number}/payment/card"
    form = {"amount": "9900", "token": "q" * 22}
    secret = ada.post(page, data=form, headers={"Accept": "application/json"}).get_json()["client_secret"]
    card.attempt(secret, "4000000000000002")
    work(sandbox)
    let_pass(sandbox, "72 hours")
    assert charges(ada, sandbox) == [False] * 2
