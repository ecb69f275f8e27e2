"""Prices in several currencies: a customer keeps theirs, and yen and dinar are written with their own decimals everywhere."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.catalog import load
from app.catalog.models import Plan, Price
from app.core.extensions import db
from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox, work
from tests.promotions.codes import make_code

FILE = Path(__file__).parent / "currencies.toml"
Sold = Callable[[str], Price]


@pytest.fixture
def sold(app: Flask) -> Sold:
    """The shop's one plan, by currency."""
    load.apply(load.read(FILE))
    db.session.commit()

    def price(currency: str) -> Price:
        return db.session.scalars(db.select(Price).join(Plan).where(Price.currency == currency)).one()

    return price


@pytest.fixture
def buy(sold: Sold, card: CardForm, sandbox: Sandbox) -> Callable[[Browser, str], None]:
    def bought(browser: Browser, currency: str) -> None:
        form = {"token": "t" * 22, "name": "Analytical Engines Ltd", "country": "GB"}
        answer = browser.post(f"/checkout/{sold(currency).public_id}", data=form).get_json()
        card.confirm(answer["client_secret"], "4242424242424242")
        work(sandbox)

    return bought


AMOUNTS = [("jpy", "¥125,000"), ("kwd", "KWD 12.340")]


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(("currency", "amount"), AMOUNTS)
def test_plans_and_checkout_write_its_decimals(ada: Browser, sold: Sold, currency: str, amount: str):
    assert amount in plain(ada.get(f"/plans?currency={currency}").text)
    page = plain(ada.get(f"/checkout/{sold(currency).public_id}").text)
    assert f"Pay {amount}" in page
    assert f'data-currency="{currency}"' in page


@pytest.mark.parametrize(("currency", "amount"), AMOUNTS)
def test_invoice_overview_mail_and_subscription_write_them_too(
    ada: Browser, buy: Callable[[Browser, str], None], mailbox: Mailbox, sandbox: Sandbox, currency: str, amount: str
):
    buy(ada, currency)
    [invoice] = sandbox.objects("invoices")
    number = invoice["number"]
    pages = ["/", "/subscription", "/invoices", f"/invoices/{number}"]
    assert [path for path in pages if amount not in plain(ada.get(path).text)] == []
    assert any(amount in plain(mail["text"]) for mail in mailbox.to(ada.user.email))


@pytest.mark.parametrize(("currency", "amount"), AMOUNTS)
def test_what_a_code_takes_off_is_written_so_as_well(
    ada: Browser, sold: Sold, sandbox: Sandbox, currency: str, amount: str
):
    off = {"jpy": "5000", "kwd": "2340"}[currency]
    make_code(sandbox, coupon={"amount_off": off, "currency": currency, "duration": "forever"})
    page = plain(ada.get(f"/checkout/{sold(currency).public_id}?promotion_code=SPRING20").text)
    assert {"jpy": "¥5,000 off", "kwd": "KWD 2.340 off"}[currency] in page
    assert {"jpy": "Pay ¥120,000", "kwd": "Pay KWD 10.000"}[currency] in page


def test_who_was_billed_before_keeps_the_currency(
    ada: Browser, sold: Sold, buy: Callable[[Browser, str], None], sandbox: Sandbox
):
    buy(ada, "jpy")
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    sandbox.turn_clock("32 days")
    work(sandbox)
    other = sold("kwd").public_id
    page = ada.get(f"/checkout/{other}")
    assert page.status_code == 409
    assert "Your organization is billed in JPY and keeps that currency" in page.text
    form = {"token": "d" * 22, "name": "Analytical Engines Ltd", "country": "GB"}
    answer = ada.post(f"/checkout/{other}", data=form)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "other_currency")
    plans = ada.get("/plans?currency=kwd").text
    assert "¥125,000" in plans
    assert "KWD" not in plans


def test_an_unfinished_start_binds_nobody_to_its_currency(ada: Browser, sold: Sold, sandbox: Sandbox):
    form = {"name": "Analytical Engines Ltd", "country": "GB"}
    ada.post(f"/checkout/{sold('jpy').public_id}", data=form | {"token": "a" * 22})
    answer = ada.post(f"/checkout/{sold('kwd').public_id}", data=form | {"token": "b" * 22})
    assert answer.get_json()["kind"] == "payment"
