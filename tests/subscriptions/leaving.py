"""How people leave and come back in these tests: by the forms of the pages, with what they carry."""

import secrets
from typing import Any

import requests
from bs4 import BeautifulSoup
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.catalog.models import Plan
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work

REASON, CANCELLATION, AT_ONCE = "/subscription/cancel", "/subscription/cancellation", "/subscription/cancellation/now"
OFFER, AGAIN = "/subscription/offer", "/subscription/again"


def subscription_of(browser: Browser) -> Subscription:
    """The newest."""
    return db.session.scalars(Subscription.of(browser.organization)).first()


def cancel(browser: Browser, token: str = "c" * 22) -> TestResponse:
    """Without having looked at any page."""
    return browser.post(CANCELLATION, data={"token": token, "feedback": "too_expensive", "comment": "for now"})


def keep(browser: Browser, token: str = "k" * 22, **headers: str) -> TestResponse:
    return browser.post(CANCELLATION, data={"token": token, "_method": "DELETE"}, headers=headers)


def says_why(browser: Browser, feedback: str = "other") -> TestResponse:
    """The second screen."""
    return browser.post(REASON, data={"feedback": feedback})


def form(page: TestResponse, action: str) -> dict[str, str]:
    """What the form with this action on the page would send, but for its CSRF token."""
    found = BeautifulSoup(page.text, "html.parser").select_one(f'form[action="{action}"]')
    assert found is not None, f"no form to {action} on the page"
    fields = {field["name"]: field.get("value", "") for field in found.select("input[name]")}
    return {name: str(value) for name, value in fields.items() if name not in ("csrf_token", "organization_shown")}


def buttons(page: TestResponse) -> list[str]:
    return [button.get_text(strip=True) for button in BeautifulSoup(page.text, "html.parser").select("main button")]


def presses(browser: Browser, page: TestResponse, action: str) -> TestResponse:
    return browser.post(action, data=form(page, action))


def let_plans_end_at_once(refund: str = "none") -> None:
    """As a catalogue with `cancel = "immediate"` does."""
    db.session.execute(update(Plan).values(cancel="immediate", cancel_refund=refund))
    db.session.commit()


def at_stripe(sandbox: Sandbox, path: str, **data: str) -> dict[str, Any]:
    """What somebody does in Stripe's dashboard."""
    headers = {"Authorization": "Bearer sk_test_sandbox", "Idempotency-Key": secrets.token_hex(8)}
    answer = requests.post(f"{sandbox.url}/v1/{path}", data=data, headers=headers, timeout=10)
    assert answer.ok, answer.text
    made: dict[str, Any] = answer.json()
    return made


def ends_at_stripe(sandbox: Sandbox, browser: Browser) -> None:
    """Somebody ends the subscription in the dashboard; nobody here has heard of it."""
    address = f"{sandbox.url}/v1/subscriptions/{subscription_of(browser).stripe_id}"
    requests.delete(address, headers={"Authorization": "Bearer sk_test_sandbox"}, timeout=10).raise_for_status()
    sandbox.settle()


def attach(sandbox: Sandbox, browser: Browser, number: str) -> str:
    """One more card of theirs; answers its id."""
    card = {
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": "2040",
        "card[cvc]": "123",
    }
    made = str(at_stripe(sandbox, "payment_methods", **card)["id"])
    at_stripe(sandbox, f"payment_methods/{made}/attach", customer=str(browser.organization.stripe_customer_id))
    return made


def pays_with(sandbox: Sandbox, browser: Browser, number: str) -> None:
    """From now on the subscription is charged to another card."""
    card = attach(sandbox, browser, number)
    at_stripe(sandbox, f"subscriptions/{subscription_of(browser).stripe_id}", default_payment_method=card)
    work(sandbox)


def fails_at_stripe(sandbox: Sandbox, **fault: Any) -> None:
    """From now on such calls fail, however often they are tried; without any, all is well again."""
    plan = [{"call": "error", "count": None, **fault}] if fault else []
    requests.post(f"{sandbox.url}/_sandbox/faults", json={"plan": plan}, timeout=10).raise_for_status()
