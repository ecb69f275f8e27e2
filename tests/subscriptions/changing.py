"""What a customer does with the sheet of a change: looks, reads its amounts, presses its button."""

from collections.abc import Callable
from typing import Any

from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work

Nexus = Callable[..., Price]
Subscribe = Callable[..., None]
CHANGE = "/subscription/change"
FAILS_LATER = "4000000000000341"
ASKS_ALWAYS = "4000002760003184"


def address(price: Price, quantity: object = None) -> str:
    return f"{CHANGE}/{price.public_id}" + ("" if quantity is None else f"?quantity={quantity}")


def soup(answer: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def words(answer: TestResponse) -> str:
    """What there is to read, in one line."""
    main = soup(answer).find("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def form_of(answer: TestResponse) -> dict[str, str]:
    """The hidden fields of the sheet's confirmation, which anybody on the team may send."""
    form = soup(answer).select_one("#subscription-sheet form[method=post]")
    assert form is not None, words(answer)
    fields = {str(field["name"]): str(field.get("value", "")) for field in form.select("input")}
    return {name: value for name, value in fields.items() if name not in {"csrf_token", "organization_shown"}}


def button_of(answer: TestResponse) -> str:
    found = soup(answer).select_one("#subscription-sheet form[method=post] button")
    assert found is not None, words(answer)
    return " ".join(found.get_text(" ").split())


def look(browser: Browser, price: Price, quantity: object = None) -> TestResponse:
    return browser.get(address(price, quantity))


def press(browser: Browser, price: Price, form: dict[str, str]) -> TestResponse:
    return browser.post(address(price), data=form)


def change_to(browser: Browser, price: Price, quantity: object = None) -> TestResponse:
    """Look, and press the button."""
    return press(browser, price, form_of(look(browser, price, quantity)))


def take_back(browser: Browser, change: str, token: str = "t" * 22, **fields: Any) -> TestResponse:
    return browser.post(CHANGE, data={"_method": "DELETE", "change": change, "token": token, **fields})


def of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def turn(sandbox: Sandbox, by: str) -> None:
    sandbox.turn_clock(by)
    work(sandbox)
    clock.refresh()


def newest_invoice(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.objects("invoices")[0]
