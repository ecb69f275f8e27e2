"""The demo's people, made by driving the product as they would: its pages, its mails, the card form. No row by hand."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from portal.demo.visitor import Lost, Visitor

CARD = "4242424242424242"
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    password: str


ADA = Person("Ada Lovelace", "ada@example.com", "paper-and-ink-ada")
BOB = Person("Bob Babbage", "bob@example.com", "paper-and-ink-bob")
CLEO = Person("Cleo Hypatia", "cleo@example.com", "paper-and-ink-cleo")
SAM = Person("Sam Staff", "sam@example.com", "paper-and-ink-sam")
PEOPLE = {"ADA": ADA, "BOB": BOB, "CLEO": CLEO, "SAM": SAM}


class Seed:
    """`make_staff` is the command an operator would type for Sam."""

    def __init__(self, portal: str, sandbox: str, mailbox: str, make_staff: Callable[[str], None]) -> None:
        self._portal, self._sandbox, self._mailbox = portal, sandbox, mailbox
        self._make_staff = make_staff

    def run(self) -> None:
        """Three months of history in a few seconds. Raises Lost with what was missing."""
        ada = self._sign_up(ADA, "Analytical Engines")
        self._subscribe(ada, "Growth")
        for renewals in range(1, 4):
            self.turn_clock("1 month")
            self.turn_clock("2 hours")
            self._wait(partial(self._renewed, ada, renewals), "the renewal and its invoice")
        self._invite(ada, BOB, "billing")
        self._sign_up(CLEO, "Hypatia Press")
        self._sign_up(SAM, "Counterfoil")
        self._make_staff(SAM.email)
        self._wait_for_today()

    def _sign_up(self, person: Person, organization: str) -> Visitor:
        visitor = Visitor(self._portal)
        visitor.open("/signup")
        fields = {"name": person.name, "email": person.email, "password": person.password, "organization": organization}
        visitor.press("Create account", **fields)
        visitor.open(self._link_mailed_to(person, "/verify/"))
        visitor.press("Confirm")
        return visitor

    def _subscribe(self, visitor: Visitor, plan: str) -> None:
        visitor.open("/plans")
        visitor.follow(f"Choose {plan}")
        visitor.buy(urlsplit(visitor.url).path.rsplit("/", 1)[-1], CARD, name="Analytical Engines Ltd", country="GB")
        self._wait(lambda: self._shows(visitor, "/", "Active"), f"{plan} to be active")

    def _invite(self, admin: Visitor, person: Person, role: str) -> None:
        admin.open("/settings/team")
        admin.press("Invite", email=person.email, role=role)
        guest = Visitor(self._portal)
        guest.open(self._link_mailed_to(person, "/invitations/"))
        guest.press("Create account", name=person.name, password=person.password)

    def turn_clock(self, by: str) -> None:
        requests.post(f"{self._sandbox}/_sandbox/clock", json={"by": by}, timeout=60).raise_for_status()

    def _wait_for_today(self) -> None:
        """The last days pass, so that the demo begins about now."""
        behind = time.time() - requests.get(f"{self._sandbox}/_sandbox/clock", timeout=10).json()["now"]
        if behind > 0:
            self.turn_clock(str(int(behind)))

    def _link_mailed_to(self, person: Person, path: str) -> str:
        def links() -> list[str]:
            mails = requests.get(f"{self._mailbox}/messages.json", params={"to": person.email}, timeout=10).json()
            return [word for mail in mails for word in _words(mail) if path in word]

        self._wait(links, f"a mail with {path} to {person.name}")
        return links()[0]

    @staticmethod
    def _shows(visitor: Visitor, address: str, words: str) -> bool:
        visitor.open(address)
        return words in visitor.text()

    @staticmethod
    def _renewed(visitor: Visitor, times: int) -> bool:
        visitor.open("/")
        told = visitor.text()
        return told.count("Subscription renewed") == times and told.count("Invoice paid") == times + 1

    @staticmethod
    def _wait(happened: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            if time.monotonic() > deadline:
                raise Lost(f"Waited {PATIENCE_SECONDS} s for {what}.")
            time.sleep(0.1)


def make_key(portal: str, person: Person, name: str, scopes: list[str]) -> str:
    """A key of the JSON API, as this person makes one on the page of keys. Raises Lost."""
    visitor = Visitor(portal)
    visitor.open("/login")
    visitor.press("Sign in", email=person.email, password=person.password)
    visitor.open("/settings/api-keys")
    visitor.press("Create key", name=name, scopes=scopes)
    return visitor.value("secret")


def _words(mail: dict[str, Any]) -> list[str]:
    return str(mail["text"]).split()
