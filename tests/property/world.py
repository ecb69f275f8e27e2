"""A portal whose events, workers, clock and failures are in the hands of a test: nothing happens unless it says so.

The parts are the real ones. Stripe's webhooks are held back for good; whoever plays takes them from the sandbox's list of
events, signs them and posts them, in any order and as often as they like.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
import stripe
from flask import Flask
from sqlalchemy import text, update

from app.catalog.models import Price
from app.core import clock, failpoints
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.failpoints import FailpointError
from app.core.leases import NamedLease
from app.core.tasks import Task
from app.core.transactions import abandon, apart, commit
from app.gateway.breaker import breaker
from app.gateway.intents import StripeIntent
from app.organizations.models import Organization
from app.webhooks import service as inbox
from app.webhooks.models import InboxEvent
from app.webhooks.registry import OBJECTS
from tests.cast import Browser, load_once
from tests.gateway.faults import falter
from tests.helpers import CardForm, Mailbox, Sandbox
from tests.promotions.codes import make_code
from worker import runner
from worker.schedule import SCHEDULE

CODES = {"ONCE20": {"percent_off": "20", "duration": "once"}, "EVER33": {"percent_off": "33.3", "duration": "forever"}}
QUEUES = ("webhooks", "mail", "default")
"""All but the documents: drawing one takes as long as all else that happens."""
ROUNDS = 40  # of delivering and working until nothing is left; each may bring about the next
NOBODYS = {"plan", "price", "product", "coupon", "promotion_code", "billing.meter"}
"""Objects of the seller's, of no customer."""


Press = Callable[[str], object]
"""What a button does, for the one-use token of its form."""
Deed = Callable[["World", Organization, int], Press]
"""Looks at a page; the number picks among several: prices, cards, invoices."""


def fresh_token() -> str:
    return secrets.token_urlsafe(16)


class World:
    """`delivered` and `lost` are ids of events; `mails_doubted` counts deaths planned where a mail may just have gone out."""

    def __init__(
        self,
        app: Flask,
        sandbox: Sandbox,
        mailbox: Mailbox,
        card: CardForm,
        person: Callable[..., Browser],
        price: Callable[..., Price],
        switches: Path,
    ) -> None:
        self.app, self.sandbox, self.mailbox, self.card = app, sandbox, mailbox, card
        self.person, self.price, self._switches = person, price, switches
        self.delivered: set[str] = set()
        self.lost: set[str] = set()
        self.mails_doubted = 0

    def begin(self) -> None:
        """Empty but for the catalogue, at today's time; no event is delivered by itself from here on."""
        abandon()
        self.heal()
        names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
        db.session.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        commit()
        load_once(self.sandbox)
        self.sandbox.hold_events()
        self.mailbox.empty()
        clock.refresh()
        self.delivered, self.lost, self.mails_doubted = set(), set(), 0
        for code, coupon in CODES.items():
            make_code(self.sandbox, code, coupon)

    # What is under way

    def events(self) -> list[dict[str, Any]]:
        found = self._get("events?limit=2000")
        return [event for event in reversed(found) if event["data"]["object"].get("object") not in NOBODYS]

    def pending(self) -> list[dict[str, Any]]:
        return [event for event in self.events() if event["id"] not in self.delivered | self.lost]

    def visits(self) -> list[dict[str, Any]]:
        """The last 500 requests to Stripe, newest first."""
        return self._get("log")

    def _get(self, path: str) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.sandbox.url}/_sandbox/{path}", timeout=30).json()
        found: list[dict[str, Any]] = answer["data"]
        return found

    # What people do

    def buys(self, browser: Browser, plan: str, card: str) -> None:
        """At the checkout; the browser closes before it comes back."""
        form = {"token": fresh_token(), "name": browser.organization.name, "country": "GB"}
        with suppress(FailpointError):
            answer = browser.post(f"/checkout/{self.price(plan).public_id}", data=form)
            if answer.status_code == 200 and (secret := (answer.get_json() or {}).get("client_secret")):
                self.card.attempt(secret, card)

    def presses(self, deed: Deed, who: Organization, choice: int, times: int = 1) -> None:
        """The page of a deed once, its button so many times, each time with the same token."""
        with suppress(PortalError, FailpointError):
            press, token = deed(self, who, choice), fresh_token()
            commit()
            for _ in range(times):
                self._press(press, token)
        abandon()

    def _press(self, press: Press, token: str) -> None:
        try:
            press(token)
            commit()
        except (PortalError, FailpointError):
            abandon()

    # What happens to it

    def deliver(self, events: Sequence[dict[str, Any]]) -> None:
        """Post them in this order, as Stripe does. One that is not thanked for stays pending."""
        for event in events:
            body = json.dumps({name: value for name, value in event.items() if name != "deliveries"})
            secret = self.app.extensions["settings"].stripe_webhook_secret[0].get_secret_value()
            header = stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()))
            with suppress(FailpointError):
                client = Browser(self.app, self.app.response_class)
                answer = client.post("/webhooks/stripe", data=body, csrf=False, headers={"Stripe-Signature": header})
                assert answer.status_code in {200, 500}, answer.text
                if answer.status_code == 200:
                    self.delivered.add(event["id"])

    def lose(self, events: Sequence[dict[str, Any]]) -> None:
        """They are never delivered."""
        self.lost |= {event["id"] for event in events}

    def handle(self, limit: int) -> None:
        """One batch of a worker, which may die in it."""
        with self.elsewhere(), suppress(FailpointError):
            inbox.handle_batch(limit)

    def drain(self) -> int:
        """Workers of all queues until nothing is due; answers how much was."""
        done = 0
        for queue in QUEUES:
            with self.elsewhere(), suppress(FailpointError):
                done += runner.drain(queue)
        return done

    def look_round(self) -> None:
        """Everything the clock process does from time to time."""
        for periodic in SCHEDULE:
            with self.elsewhere():
                try:
                    periodic.work()
                    commit()
                except (FailpointError, PortalError):
                    abandon()

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """As in another process, with a session of its own."""
        try:
            with self.app.app_context():
                clock.refresh()
                yield
        finally:
            db.session.expire_all()

    def wait(self) -> None:
        """Machine time passes: whatever was postponed is due, and whatever somebody dead has claimed is free."""
        wall = clock.wall()
        with apart() as session:
            for model in (InboxEvent, Task):
                later = update(model).where(model.retry_at.is_not(None), model.retry_at > wall)
                session.execute(later.values(retry_at=wall))
                session.execute(update(model).where(model.lease_until.is_not(None)).values(lease_until=wall))
            session.execute(update(StripeIntent).where(StripeIntent.retry_at.is_not(None)).values(retry_at=wall))
            session.execute(update(NamedLease).values(until=wall))
        breaker.reset()

    def turn(self, span: str) -> None:
        """Business time passes."""
        self.sandbox.turn_clock(span)
        clock.refresh()

    def arm(self, point: str) -> None:
        """The next who comes by this failpoint dies there."""
        (self._switches / point).write_text("raise")
        self.mails_doubted += point in {"after_mail_before_commit", "task_before_commit"}
        failpoints.watch(self._switches)

    def falter(self, when: str) -> None:
        """The next call to Stripe that changes something is not heard, `before` or `after` it was done."""
        falter(self.sandbox, {"call": "reset", "when": when, "method": "POST"})

    def heal(self) -> None:
        """Nothing that was planned to go wrong will."""
        for switch in self._switches.iterdir():
            switch.unlink()
        failpoints.watch(None)
        falter(self.sandbox)
        breaker.reset()

    # How it ends

    def settle(self) -> None:
        """Everything is delivered, or fetched where its event was lost, and everything due is done."""
        self.heal()
        self._fetch_lost()
        for _ in range(ROUNDS):
            pending = self.pending()
            self.deliver(pending)
            self.wait()
            self.look_round()
            if not self.drain() + len(pending):
                return
        raise AssertionError("there is no end to it")

    def _fetch_lost(self) -> None:
        for event in [event for event in self.events() if event["id"] in self.lost]:
            thing = event["data"]["object"]
            # What a charge tells is kept with its payment.
            kind, stripe_id = thing["object"], thing.get("id")
            if kind == "charge":
                kind, stripe_id = "payment_intent", thing["payment_intent"]
            if kind in OBJECTS:
                with self.elsewhere():
                    self.wait()
                    inbox.sync(kind, stripe_id)
