"""The receipt, as it lies in the mailbox."""

from dataclasses import replace

from tests.cast import Browser
from tests.helpers import Mailbox
from tests.invoices.records import LINE, OPEN, kept, paid
from worker import runner


def test_a_receipt_says_what_was_paid_for_and_with_which_card(ada: Browser, mailbox: Mailbox) -> None:
    kept(ada.organization, paid())
    runner.drain("mail")
    (mail,) = mailbox.to("ada@example.com")
    assert mail["subject"] == "Receipt for $99.00, invoice CFL-0001"
    for body in (mail["text"], mail["html"]):
        for part in ("1 × Growth (at $99.00 / month)", "Visa ending in 4242", "1 Nov 2026", "/invoices/CFL-0001"):
            assert part in body


def test_a_receipt_goes_to_all_who_look_after_billing(
    ada: Browser, bob: Browser, cleo: Browser, mailbox: Mailbox
) -> None:
    kept(ada.organization, paid())
    runner.drain("mail")
    assert len(mailbox.to("bob@example.com")) == 1
    assert mailbox.to("cleo@example.com") == []


def test_a_long_invoice_has_a_short_receipt(ada: Browser, mailbox: Mailbox) -> None:
    lines = tuple(replace(LINE, stripe_id=f"il_{n}", description=f"Seat {n}.") for n in range(30))
    kept(ada.organization, paid(replace(OPEN, lines=lines)))
    runner.drain("mail")
    text = mailbox.to("ada@example.com")[0]["text"]
    assert "Seat 19." in text
    assert "Seat 20." not in text
    assert "More lines are on the invoice." in text


def test_names_are_text_in_the_html_too(ada: Browser, mailbox: Mailbox) -> None:
    kept(ada.organization, paid(replace(OPEN, lines=(replace(LINE, description="<img src=x>"),))))
    runner.drain("mail")
    assert "<img" not in mailbox.to("ada@example.com")[0]["html"]
