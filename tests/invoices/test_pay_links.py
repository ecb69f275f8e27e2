"""The link in a mail that pays one invoice, signed out; and the mail that carries it."""

import time
from collections.abc import Callable

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from app.auth import tokens
from app.core.extensions import db
from app.gateway.client import client as stripe
from app.invoices import pay_links, service
from app.invoices.models import Invoice
from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox, work
from tests.invoices.owing import ASKS_ALWAYS, FAILS_LATER, VISA, charges_of, give_card, owes, status_of
from tests.invoices.test_pay_routes import JSON, TOKEN, answer_the_bank

FORM = {"token": TOKEN, "amount": "9900", "card": "saved"}


def link_to(invoice: Invoice) -> str:
    return f"/pay/{pay_links.token(invoice)}"


class EightDaysOld(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(time.time()) - 8 * 86400


def old_link_to(invoice: Invoice) -> str:
    signer = URLSafeTimedSerializer(tokens.signing_keys(), salt="pay-invoice", signer=EightDaysOld)
    return f"/pay/{signer.dumps(invoice.public_id)}"


@pytest.fixture
def asked(ada: Browser) -> Invoice:
    """An invoice whose card asked for its owner while nobody was there."""
    invoice = owes(ada, ASKS_ALWAYS)
    with pytest.raises(Exception, match="additional user action"):
        stripe().v1.invoices.pay(invoice.stripe_id)
    return invoice


def test_it_says_what_is_paid_to_whom_and_nothing_else(asked: Invoice, client: Browser, ada: Browser):
    text = client.get(link_to(asked)).text
    for words in (
        "Confirm your payment",
        "Confirm payment",
        "$99.00",
        asked.number,
        "ending in 3184",
        "Setup",
        "From Counterfoil",
    ):
        assert words in text
    for secret in ("Analytical", "ada@", "pm_", "cus_", "in_", "pi_", ada.organization.public_id):
        assert secret not in text.split("<main")[1]


def test_its_address_is_kept_secret(asked: Invoice, client: Browser):
    for address in (link_to(asked), old_link_to(asked), "/pay/nonsense"):
        headers = client.get(address).headers
        assert (headers["Referrer-Policy"], headers["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")
        assert headers["Cache-Control"] == "no-store"


def test_a_link_opens_the_invoice_it_was_made_for(asked: Invoice, client: Browser, cleo: Browser):
    other = owes(cleo)
    for invoice in (asked, other):
        assert invoice.number in client.get(link_to(invoice)).text


def test_confirming_pays(asked: Invoice, client: Browser, ada: Browser):
    answer = client.post(link_to(asked), data=FORM, headers=JSON).get_json()
    assert answer["kind"] == "action"
    answer_the_bank(answer["client_secret"])
    text = client.get(link_to(asked)).text
    assert "Payment received" in text
    assert "/invoices/" not in text
    assert (status_of(asked), charges_of(ada)) == ("paid", [9900])


def test_a_bank_that_was_told_no_can_be_asked_again(asked: Invoice, client: Browser, ada: Browser):
    answer = client.post(link_to(asked), data=FORM, headers=JSON).get_json()
    answer_the_bank(answer["client_secret"], "fail")
    assert "Your bank did not confirm the payment." in client.get(link_to(asked)).text
    answer = client.post(link_to(asked), data=FORM | {"token": answer["token"]}, headers=JSON).get_json()
    answer_the_bank(answer["client_secret"])
    assert "Payment received" in client.get(link_to(asked)).text


def test_a_declined_renewal_is_paid_with_another_card(ada: Browser, client: Browser, card: CardForm):
    invoice = owes(ada, FAILS_LATER)
    with pytest.raises(Exception, match="declined"):
        stripe().v1.invoices.pay(invoice.stripe_id)
    link = link_to(invoice)
    text = client.get(link).text
    assert "Pay $99.00" in text
    assert "Your card was declined." in text
    answer = client.post(link + "/card", data=FORM, headers=JSON).get_json()
    card.confirm(answer["client_secret"], "4242424242424242")
    back = client.get(link + "/return?payment_intent_client_secret=pi_1_secret_2")
    assert back.location == link
    assert "Payment received" in client.get(link).text


def test_what_is_paid_already_says_so(asked: Invoice, client: Browser, ada: Browser):
    link = link_to(asked)
    stripe().v1.invoices.pay(asked.stripe_id, {"paid_out_of_band": True})
    assert "Payment received" in client.get(link).text
    assert client.post(link, data=FORM, headers=JSON).get_json() == {"redirect": link}
    assert charges_of(ada) == []


def test_a_voided_invoice_asks_for_nothing(asked: Invoice, client: Browser):
    stripe().v1.invoices.void_invoice(asked.stripe_id)
    text = client.get(link_to(asked)).text
    assert "Nothing to pay" in text
    assert "This invoice was voided." in text


def test_an_old_link_leads_to_signing_in_and_paying_there(asked: Invoice, client: Browser, ada: Browser):
    answer = client.get(old_link_to(asked))
    assert answer.status_code == 410
    assert "This link has expired" in answer.text
    way = f"/invoices/{asked.number}/payment"
    assert f'href="{way}"' in answer.text
    assert "/login?next=" in client.get(way).location
    assert "Pay $99.00" in ada.get(way).text


@pytest.mark.parametrize("door", ["", "/card"])
def test_an_old_link_charges_nothing(asked: Invoice, client: Browser, ada: Browser, door: str):
    assert client.post(old_link_to(asked) + door, data=FORM, headers=JSON).status_code == 410
    assert charges_of(ada) == []


def test_a_changed_link_and_one_made_for_else_open_nothing(asked: Invoice, client: Browser, ada: Browser):
    for_else = URLSafeTimedSerializer(tokens.signing_keys(), salt="verify-email").dumps(asked.public_id)
    for token in (pay_links.token(asked)[:-1] + "~", for_else, asked.public_id, "x" * 3000, "%00", "ä"):
        answer = client.get(f"/pay/{token}")
        assert answer.status_code == 410
        assert asked.number not in answer.text


def test_a_link_opens_no_other_door(asked: Invoice, client: Browser):
    client.get(link_to(asked))
    token = pay_links.token(asked)
    for address in (f"/invoices/{asked.number}", f"/invoices/{asked.number}/payment", "/invoices", "/"):
        assert client.get(address).status_code == 302
    assert client.get(f"/verify/{token}").status_code != 200


def test_a_link_charges_no_card_but_the_one_it_asks_about(ada: Browser, client: Browser):
    invoice = owes(ada, VISA)  # never tried, so no bank asks
    assert 'id="card-form"' in client.get(link_to(invoice)).text


def test_somebody_elses_card_named_in_the_form_is_not_taken(asked: Invoice, client: Browser, ada: Browser):
    answer = client.post(link_to(asked), data=FORM | {"card": "pm_card_visa"}, headers=JSON)
    assert answer.get_json()["kind"] == "action"
    assert charges_of(ada) == []


def test_trying_is_limited(asked: Invoice, client: Browser):
    answers = [client.post(link_to(asked), data={}, headers=JSON).status_code for _ in range(31)]
    assert answers[-1] == 429


def test_a_renewal_that_needs_its_owner_is_mailed_once(
    renewal: Callable[..., Invoice], mailbox: Mailbox, client: Browser, sandbox: Sandbox
):
    invoice = renewal(ASKS_ALWAYS)
    (mail,) = [mail for mail in mailbox.to("ada@example.com") if "confirm" in mail["subject"]]
    assert mail["subject"] == "Please confirm your payment of $99.00"
    (link,) = {word for word in mail["text"].split() if "/pay/" in word}
    assert link in mail["html"]
    sandbox._post("replay", {"since": 0})
    work(sandbox)
    assert len([subject for subject in mailbox.subjects("ada@example.com") if "confirm" in subject]) == 1
    path = "/pay/" + link.split("/pay/")[1]
    answer = client.post(path, data=FORM, headers=JSON).get_json()
    answer_the_bank(answer["client_secret"])
    assert "Payment received" in client.get(path).text
    assert status_of(invoice) == "paid"


def test_nobody_is_mailed_who_is_paying_right_now(ada: Browser, mailbox: Mailbox, sandbox: Sandbox):
    invoice = owes(ada, ASKS_ALWAYS)
    card = stripe().v1.customers.retrieve(str(ada.organization.stripe_customer_id)).invoice_settings
    assert card is not None
    form = FORM | {"card": str(card.default_payment_method)}
    ada.post(f"/invoices/{invoice.number}/payment", data=form, headers=JSON)
    work(sandbox)
    assert mailbox.subjects("ada@example.com") == []


def test_nobody_is_mailed_about_a_first_payment(
    ada: Browser, nexus, card: CardForm, mailbox: Mailbox, sandbox: Sandbox
):
    form = {"token": TOKEN, "name": "Ada", "country": "GB"}
    secret = ada.post(f"/checkout/{nexus('growth').public_id}", data=form).get_json()["client_secret"]
    card.confirm(secret, "4000002760003184")
    work(sandbox)
    assert mailbox.subjects("ada@example.com") == []


def test_the_link_is_not_kept_once_the_mail_is_sent(asked: Invoice, sandbox: Sandbox):
    work(sandbox)
    payloads = db.session.execute(db.text("SELECT payload::text FROM tasks WHERE kind = 'send_mail'")).scalars().all()
    assert payloads
    assert not any("/pay/" in payload for payload in payloads)


def test_a_card_that_the_page_does_not_offer_is_not_charged(ada: Browser, client: Browser):
    invoice = owes(ada, FAILS_LATER)
    address = link_to(invoice)
    give_card(ada, VISA)
    assert "4242" not in client.get(address).text
    assert client.post(address, data=FORM).status_code == 409
    assert (
        client.post(address, data=FORM, headers=JSON).get_json()["error"].startswith("This page offers no saved card.")
    )
    assert charges_of(ada) == []


def test_an_invoice_paid_before_the_mail_went_out_is_not_asked_for(asked: Invoice, ada: Browser, mailbox: Mailbox):
    pay_links.ask_to_confirm(asked, ada.organization, [])
    db.session.commit()
    stripe().v1.invoices.pay(asked.stripe_id, {"paid_out_of_band": True})
    service.sync(asked.stripe_id)
    db.session.commit()
    work()
    assert [subject for subject in mailbox.subjects("ada@example.com") if "confirm" in subject] == []
