"""F42–F46: events come twice, in any order, late, and about strangers."""

import itertools
import time
from typing import Any

import requests

from faults import events
from faults.case import Case, row
from faults.customers import Customer
from faults.rows.processes import bought_but_not_told, subscribed_once, told
from portal.services import messages

LIFE = (
    "customer.subscription.created",
    "invoice.finalized",
    "payment_intent.succeeded",
    "invoice.paid",
    "customer.subscription.updated",
)
ORDERS = list(itertools.permutations(range(len(LIFE))))
STATE = "SELECT state FROM inbox_events WHERE event_id = %s"
MINE = """
    SELECT s.status, s.quantity, s.cancel_at IS NOT NULL, p.plan_id, i.status, i.total_amount, i.paid_amount
    FROM subscriptions s JOIN prices p ON p.id = s.price_id
    JOIN invoices i ON i.organization_id = s.organization_id WHERE s.organization_id = %s ORDER BY i.id"""


@row("F42", "the same event fifty times at once")
def fifty_times(case: Case) -> None:
    customer = case.customer()
    bought_but_not_told(case, customer)
    paid = one_of(events.about(case.house, customer.stripe_customer()), "invoice.paid")
    answers, _ = events.post_all(case.house, [paid] * 50, at_once=50)
    told(case)
    case.over()
    case.settle()
    case.expect(set(answers) == {200}, f"the answers were {sorted(set(answers))}")
    rows = case.house.count("SELECT count(*) FROM inbox_events WHERE event_id = %s", paid["id"])
    case.expect(rows == 1, f"the event stands in the inbox {rows} times")
    subscribed_once(case, customer)


@row("F43", "two events with different ids say the same")
def twins(case: Case) -> None:
    """Every event of a purchase has a twin, and comes a moment apart from it, at the same moment, or twice."""
    customer = case.customer()
    bought_but_not_told(case, customer)
    said = events.about(case.house, customer.stripe_customer())
    both = [event for one in said for event in (one, renamed(one, case, "twin"))]
    case.chance.shuffle(both)
    answers, _ = events.post_all(case.house, both)
    told(case)
    case.over()
    case.settle()
    case.expect(set(answers) == {200}, f"the answers were {sorted(set(answers))}")
    subscribed_once(case, customer)
    subjects = [mail.subject for mail in mails_to(case, customer)]
    case.expect(len(subjects) == len(set(subjects)), f"the mails are {subjects}")


@row("F44", "the events of a lifecycle in any order, each twice")
def any_order(case: Case) -> None:
    """Five customers hear of their purchase by events alone, each in another order; then all 120 orders come to all of them."""
    customers = [case.customer() for _ in range(5)]
    for customer in customers:
        customer.stays = False
    case.house.sandbox("POST", "deliveries", paused=True)
    lives = [_life(case, customer) for customer in customers]
    for life, order in zip(lives, case.chance.sample(ORDERS, len(lives)), strict=True):
        for event in twice(case, [life[place] for place in order]):
            case.expect(events.post(case.house, event) == 200, f"{event['type']} was refused")
    ends = {_end(case, customer) for customer in customers}
    case.expect(len(ends) == 1, f"the ends differ: {ends}")
    again = [
        renamed(lives[number % len(lives)][place], case, f"order{number}")
        for number, order in enumerate(ORDERS)
        for place in order
    ]
    answers, _ = events.post_all(case.house, again)
    case.expect(set(answers) == {200}, f"the answers were {sorted(set(answers))}")
    told(case)
    case.over()
    case.settle()
    case.expect({_end(case, customer) for customer in customers} == ends, "the end is another after all 120 orders")
    for customer in customers:
        subscribed_once(case, customer)


def _life(case: Case, customer: Customer) -> list[dict[str, Any]]:
    customer.subscribe()
    said = events.about(case.house, customer.stripe_customer())
    return [one_of(said, event_type) for event_type in LIFE]


def _end(case: Case, customer: Customer) -> tuple[Any, ...]:
    """What the portal shows of a customer once their events are handled, without the names of things."""
    waiting = "SELECT count(*) FROM inbox_events WHERE state = 'received' AND customer = %s"
    case.wait(lambda: not case.house.count(waiting, customer.stripe_customer()), "the events to be handled")
    return tuple(case.house.rows(MINE, customer.id))


@row("F44b", "the first of two fetches takes 5 s, and knows the older state")
def slow_fetch(case: Case) -> None:
    customer = case.subscriber()
    (subscription,) = case.house.stripe("subscriptions", customer=customer.stripe_customer())
    path = f"subscriptions/{subscription['id']}"
    known = events.copy(case.house, "customer.subscription.created", customer.stripe_customer(), "evt_")
    case.house.sandbox("POST", "deliveries", paused=True)
    both = [renamed(known, case, word) for word in ("first", "second")]
    with case.planned({"call": "timeout", "seconds": 5, "path": f"/v1/{path}", "method": "GET"}):
        events.post(case.house, both[0])
        case.wait(lambda: case.house.sandbox("GET", "faults")["log"], "the first fetch")
        change(case, path, cancel_at_period_end="true")
        events.post(case.house, both[1])
        time.sleep(6)
    case.wait(lambda: all(case.house.rows(STATE, one["id"]) == [("processed",)] for one in both), "both events")
    canceling = case.house.rows("SELECT cancel_at FROM subscriptions WHERE organization_id = %s", customer.id)
    case.expect(canceling[0][0] is not None, "the older state has overwritten the newer one")
    told(case)
    case.settle()


@row("F45", "events of a customer whom nobody here has yet")
def stranger(case: Case) -> None:
    """The answer to the call that made them was lost; meanwhile Stripe speaks of them."""
    customer = case.customer()
    case.quiet()
    case.house.freeze("clock")
    with case.planned({"call": "reset", "when": "after", "count": 3, "operation": "POST /v1/customers"}):
        customer_tries(customer)
    made = case.house.stripe("customers")[0]
    change(case, f"customers/{made['id']}", description="met at the fair")
    said = events.copy(case.house, "customer.updated", made["id"], "evt_")
    named = renamed(said, case, "stranger")
    case.expect(events.post(case.house, named) == 200, "the event was refused")
    case.wait(lambda: case.house.rows(STATE, named["id"]) == [("unmatched",)], "the event to be set aside")
    case.house.thaw("clock")
    case.over()
    customer.get_subscribed()
    case.wait(lambda: case.house.rows(STATE, named["id"]) == [("processed",)], "the event to be linked", 60)
    case.settle()
    case.expect(customer.stripe_customer() == made["id"], "the organization has another customer at Stripe")
    subscribed_once(case, customer)


def customer_tries(customer: Customer) -> None:
    """Check out and be told that it did not work."""
    price = customer.look_at()
    customer.open(f"/checkout/{price}")
    customer.send("Pay", name=customer.organization, country="GB")


@row("F46", "an old snapshot comes three days late")
def stale(case: Case) -> None:
    """The subscription as it was before it was paid, in an event nobody has heard of, when it is about to end."""
    customer = case.subscriber()
    customer.cancel()
    case.house.turn_clock("3 days")
    case.settle()
    old = renamed(
        events.copy(case.house, "customer.subscription.created", customer.stripe_customer(), "evt_"), case, "old"
    )
    before = (case.house.rows(MINE, customer.id), len(mails_to(case, customer)))
    case.expect(old["data"]["object"]["status"] == "incomplete", "the snapshot is not an old one")
    case.expect(events.post(case.house, old) == 200, "the event was refused")
    case.over()
    case.settle()
    after = (case.house.rows(MINE, customer.id), len(mails_to(case, customer)))
    case.expect(before == after, f"{before} became {after}")


def one_of(said: list[dict[str, Any]], event_type: str) -> dict[str, Any]:
    """The newest of this type."""
    return next(event for event in reversed(said) if event["type"] == event_type)


def renamed(event: dict[str, Any], case: Case, word: str) -> dict[str, Any]:
    """The same event under an id that Stripe never gave."""
    return event | {"id": f"evt_{case.row.number}_{case.seed}_{word}_{event['id'].removeprefix('evt_')}"}


def twice(case: Case, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each of them once more at some place behind itself."""
    found = list(said)
    for event in said:
        found.insert(case.chance.randint(found.index(event) + 1, len(found)), event)
    return found


def mails_to(case: Case, customer: Customer) -> list[messages.Message]:
    """All that arrived at the customer's address."""
    return list(messages.newest_first(case.house.stack.mail.directory, customer.email))


def change(case: Case, path: str, **params: str) -> dict[str, Any]:
    """Change or make something at Stripe, as its Dashboard does; answers it."""
    stack = case.house.stack
    answer = requests.post(f"{stack.sandbox_url}/v1/{path}", params, auth=(stack.stripe_secret_key, ""), timeout=60)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
