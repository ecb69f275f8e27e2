"""F55–F58: two tabs, two clicks, and the browser against the webhook."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import requests

from faults.case import Case, row
from faults.customers import CARD, Customer
from faults.rows.processes import bought_but_not_told, told
from faults.rows.stripe import bought_once, one_at_stripe
from portal.demo.visitor import Lost

CHARGED = "SELECT count(*) FROM invoices WHERE organization_id = %s AND paid_amount > 0"
ENDS = {"Payment received", "Payment processing"}
"""The headings of the page that somebody comes back to before Stripe has told us anything."""
Answer = TypeVar("Answer")


@row("F55", "up to 20 tabs subscribe at once")
def many_tabs(case: Case) -> None:
    """Each with a form of its own, for either of two plans; whoever is asked to confirm a card does."""
    customer, number = case.customer(), case.chance.randint(2, 20)
    prices = [customer.look_at("Growth"), customer.look_at("Pro")]
    tabs = [customer.tab() for _ in range(number)]
    for tab in tabs:
        tab.open(f"/checkout/{case.chance.choice(prices)}")
    answers = at_once([partial(_pay, tab) for tab in tabs])
    statuses = sorted(answer.status_code for answer in answers)
    case.expect(set(statuses) <= {200, 409}, f"the answers were {statuses}")
    cards = [
        partial(_confirmed, tab, answer)
        for tab, answer in zip(tabs, answers, strict=True)
        if answer.status_code == 200 and "client_secret" in answer.json()
    ]
    paid = at_once(cards)
    case.over()
    case.settle()
    case.notes.append(f"{number} tabs, {statuses.count(200)} were let through, {sum(paid)} cards went through")
    customer.get_subscribed()
    case.settle()
    case.expect(case.house.count(CHARGED, customer.id) == 1, "not exactly one invoice is paid")
    one_at_stripe(case, customer)


def _pay(tab: Customer) -> requests.Response:
    return tab.send("Pay", name=tab.organization, country="GB")


def _confirmed(tab: Customer, answer: requests.Response) -> bool:
    """Whether the card went through; another tab may have been first, or have replaced the order."""
    try:
        return str(tab.confirm(answer.json(), CARD)["status"]) == "succeeded"
    except Lost:
        return False


@row("F56", "the browser is back before the webhook")
def browser_first(case: Case) -> None:
    """Stripe's events wait for 10 s, while the customer reloads the page they came back to."""
    customer = case.customer()
    bought_but_not_told(case, customer)
    back = customer.url
    case.expect(customer.heading() in ENDS, f"the page says {customer.heading()}")
    for _ in range(5):
        customer.open(back)
        time.sleep(2)
    started = customer.audit("subscription.started")
    case.expect(started == 1, f"before the events, the subscription began {started} times")
    told(case)
    case.over()
    case.settle()
    bought_once(case, customer, made=1)


@row("F57", "the webhook is there before the browser")
def webhook_first(case: Case) -> None:
    customer = case.customer()
    customer.stays = False
    customer.subscribe()
    case.settle()
    case.expect(customer.status() == "active", f"by its events alone, the subscription is {customer.status()}")
    back, customer.stays = customer.left, True
    for _ in range(3):
        customer.open(back)
        case.expect(customer.heading() == "Payment received", f"the page says {customer.heading()}")
    case.over()
    case.settle()
    bought_once(case, customer, made=1)


@row("F58", "double clicks on pay, upgrade and cancel")
def double_click(case: Case) -> None:
    """The same form twice, 10 ms apart, to whichever web server."""
    customer = case.customer()
    customer.look_at()
    paid = twice(customer, "Pay", name=customer.organization, country="GB")
    same(case, "pay", paid)
    secrets = {answer.json().get("client_secret") for answer in paid if answer.ok}
    case.expect(len(secrets) == 1, f"the two are asked to confirm {len(secrets)} payments")
    customer.get_subscribed()
    case.settle()
    bought_once(case, customer, made=1)
    _upgrade_twice(case, customer)
    customer.open("/subscription/cancel")
    customer.press("Continue", feedback="unused")
    same(case, "cancel", twice(customer, "Cancel at period end"))
    case.over()
    case.settle()
    canceled = customer.audit("subscription.cancellation_scheduled")
    case.expect(canceled == 1, f"the cancellation stands {canceled} times in the audit")


def _upgrade_twice(case: Case, customer: Customer) -> None:
    customer.open(f"/subscription/change/{dearer(case, customer)}")
    same(case, "upgrade", twice(customer, "Pay"))
    case.settle()
    invoices = case.house.count(CHARGED, customer.id)
    case.expect(invoices == 2, f"after one purchase and one upgrade {invoices} invoices are paid")


def dearer(case: Case, customer: Customer) -> str:
    """The public id of Pro's monthly price in the currency they pay in."""
    mine = """
        SELECT p.public_id FROM prices p JOIN plans n ON n.id = p.plan_id WHERE n.key = 'pro' AND p.interval = 'month'
        AND p.currency = (SELECT q.currency FROM subscriptions s JOIN prices q ON q.id = s.price_id
                          WHERE s.organization_id = %s ORDER BY s.id DESC LIMIT 1)"""
    return str(case.house.rows(mine, customer.id)[0][0])


def twice(customer: Customer, button: str, **fields: str) -> list[requests.Response]:
    """Two tabs send the form that is open, the second 10 ms after the first."""

    def later(tab: Customer, seconds: float) -> requests.Response:
        time.sleep(seconds)
        return tab.send(button, **fields)

    tabs = [customer.tab(), customer.tab()]
    return at_once([lambda: later(tabs[0], 0.0), lambda: later(tabs[1], 0.01)])


def same(case: Case, what: str, answers: list[requests.Response]) -> None:
    """Both came to the same page; one may also have been told that the other is under way."""
    ends = {(answer.status_code, answer.url) for answer in answers if answer.status_code != 409}
    case.expect(len(ends) == 1, f"{what}: the answers were {[(one.status_code, one.url) for one in answers]}")


def at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Do them all at the same time."""
    with ThreadPoolExecutor(max(len(acts), 1)) as people:
        return [done.result() for done in [people.submit(act) for act in acts]]
