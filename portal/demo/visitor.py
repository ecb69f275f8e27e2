"""A person at a browser without a screen: opens pages, fills forms by their labels, presses buttons by their names."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag

from portal.services.child import ServiceError

TIMEOUT_SECONDS = 30


class Lost(ServiceError):
    """The page did not hold what a person was told to look for; the message names it and the address."""


class Visitor:
    """One browser with its cookies, at the portal's address; `headers` go along with every request to it."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers.update(headers or {})
        self.url = url
        self.page = BeautifulSoup("", "html.parser")

    def open(self, address: str) -> None:
        self._show(self._http.get(urljoin(self.url, address), timeout=TIMEOUT_SECONDS))

    def follow(self, words: str) -> None:
        """Follow the link with this text."""
        link = self.page.find("a", string=lambda text: bool(text) and words in str(text))
        self.open(_attribute(self._found(link, words), "href"))

    def press(self, button: str, **fields: str | list[str]) -> None:
        """Fill the form of this button by field names and press it; a list ticks several boxes of one name."""
        form, data = self.form(button)
        action = _attribute(form, "action") if form.has_attr("action") else self.url
        self._show(self._http.post(urljoin(self.url, action), data=data | fields, timeout=TIMEOUT_SECONDS))

    def form(self, button: str) -> tuple[Tag, dict[str, str]]:
        """The form of this button and what it would send if nothing were filled in."""
        pressed = self.page.find(lambda tag: tag.name == "button" and button in tag.get_text(" ", strip=True))
        form = self._found(pressed, button).find_parent("form")
        form = self._found(form, f"a form around {button}")
        return form, dict(_values(form))

    def value(self, field: str) -> str:
        """What stands in the field with this id."""
        return _attribute(self._found(self.page.find("input", id=field), field), "value")

    def heading(self) -> str:
        return self._found(self.page.find("h1"), "a heading").get_text(" ", strip=True)

    def text(self) -> str:
        return self.page.get_text(" ", strip=True)

    def buy(self, price: str, card: str, **details: str) -> None:
        """Check out: send the form as the card form's script does, then confirm the card where Stripe.js would."""
        self.open(f"/checkout/{price}")
        self._send_card(card, details)

    def add_card(self, card: str) -> None:
        """Save another card, as the default."""
        self.open("/payment-methods/new")
        self._send_card(card, {})

    def _send_card(self, card: str, details: dict[str, str]) -> None:
        form = self._found(self.page.find("form", id="card-form"), "the card form")
        action = urljoin(self.url, _attribute(form, "action"))
        data = dict(_values(form)) | details
        answer = self._json(self._http.post(action, data=data, timeout=TIMEOUT_SECONDS))
        intent = self._confirm(_script_origin(self.page), form, answer, card)
        self.open(_attribute(form, "data-return-url") + f"?{intent['object']}={intent['id']}")

    def _confirm(self, sandbox: str, form: Tag, answer: dict[str, Any], card: str) -> dict[str, Any]:
        secret = answer["client_secret"]
        kind = "setup_intents" if answer["kind"] == "setup" else "payment_intents"
        headers = {"Authorization": f"Bearer {_attribute(form, 'data-publishable-key')}"}

        def ask(path: str, data: dict[str, str]) -> dict[str, Any]:
            return self._json(
                requests.post(f"{sandbox}/v1/{path}", data=data, headers=headers, timeout=TIMEOUT_SECONDS)
            )

        details = {"number": card, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        method = ask("payment_methods", {"type": "card"} | {f"card[{name}]": value for name, value in details.items()})
        confirmation = {"client_secret": secret, "return_url": _attribute(form, "data-return-url")}
        path = f"{kind}/{secret.split('_secret_')[0]}/confirm"
        return ask(path, confirmation | {"payment_method": str(method["id"])})

    def _show(self, answer: requests.Response) -> None:
        self.url = answer.url
        self.page = BeautifulSoup(answer.text, "html.parser")
        if not answer.ok:
            raise Lost(f"{answer.url} answered {answer.status_code}: {self.text()[:200]}")

    def _json(self, answer: requests.Response) -> dict[str, Any]:
        found: dict[str, Any] = answer.json()
        if not answer.ok:
            raise Lost(f"{answer.url} answered {answer.status_code}: {found.get('error')}")
        return found

    def _found(self, tag: object, what: str) -> Tag:
        if not isinstance(tag, Tag):
            raise Lost(f"There is no “{what}” on {self.url}.")
        return tag


def _attribute(tag: Tag, name: str) -> str:
    return str(tag[name])


def _values(form: Tag) -> list[tuple[str, str]]:
    fields = [
        tag for tag in form.find_all(["input", "select", "textarea"]) if isinstance(tag, Tag) and tag.has_attr("name")
    ]
    return [
        (str(tag["name"]), _value(tag))
        for tag in fields
        if tag.get("type") not in {"radio", "checkbox"} or tag.has_attr("checked")
    ]


def _value(tag: Tag) -> str:
    if tag.name == "select":
        chosen = tag.find("option", selected=True)
        return str(chosen["value"]) if isinstance(chosen, Tag) else ""
    return tag.get_text() if tag.name == "textarea" else str(tag.get("value", ""))


def _script_origin(page: BeautifulSoup) -> str:
    """Where Stripe.js comes from is where it confirms cards."""
    for script in page.find_all("script", src=True):
        if str(script["src"]).endswith("/stripe.js"):
            return str(script["src"]).removesuffix("/stripe.js")
    raise Lost("There is no Stripe.js on the page.")
