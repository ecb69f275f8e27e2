"""Trials on terms of their own: a small catalogue with one plan to try."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.audit.models import Entry
from app.catalog import load
from app.catalog.models import Plan, Price
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox, work

GOOD, OTHER = "4242424242424242", "5555555555554444"
CATALOGUE = """
[[plans]]
key = "free"
name = "Free"
kind = "free"

[[plans]]
key = "solo"
name = "Solo"
trial_days = {days}
trial_card = "{card}"
trial_end = "{end}"
prices.usd = {{ month = 2900 }}
"""

Terms = Callable[..., str]


def load_terms(file: Path, card: str = "required", end: str = "cancel", days: int = 14) -> str:
    """Load the plan on these terms; answers its price, by public id."""
    file.write_text(CATALOGUE.format(card=card, end=end, days=days))
    load.apply(load.read(file))
    db.session.commit()
    return db.session.scalars(select(Price.public_id).join(Plan).where(Plan.key == "solo")).one()


def of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def form(browser: Browser, token: str = "t" * 22, **fields: str) -> dict[str, str]:
    return {"token": token, "name": browser.organization.name, "country": "GB", **fields}


def start_plainly(browser: Browser, price: str, token: str = "t" * 22) -> Any:
    return browser.post(f"/checkout/{price}/free", data=form(browser, token))


def saves(browser: Browser, price: str, card: CardForm, number: str = GOOD, token: str = "t" * 22) -> str:
    """Confirm a card for the trial; answers the setup intent's id."""
    answer = browser.post(f"/checkout/{price}", data=form(browser, token)).get_json()
    assert answer["kind"] == "setup", answer
    return str(card.confirm(answer["client_secret"], number)["id"])


def turn(sandbox: Sandbox, by: str) -> None:
    sandbox.turn_clock(by)
    work(sandbox)


def shown(page: str) -> str:
    return re.findall(r'name="amount" type="hidden" value="(\d+)"', page)[0]


def told(browser: Browser) -> list[str]:
    found = select(Entry.action).where(Entry.organization_id == browser.organization.id).order_by(Entry.id)
    return [action for action in db.session.scalars(found) if action.startswith("subscription.")]


def reminders(mailbox: Mailbox, browser: Browser) -> list[dict[str, Any]]:
    return [mail for mail in mailbox.to(browser.user.email) if "trial ends on" in mail["subject"]]
