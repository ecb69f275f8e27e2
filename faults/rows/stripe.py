"""F31–F33, F37–F39, F41: Stripe answers, but not as it should."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from faults import logs
from faults.case import Case, row
from faults.customers import CARD, Customer
from faults.rows.processes import FAILED, subscribed_once
from portal.demo.visitor import Lost

CREATE = {"operation": "POST /v1/subscriptions"}
WAIT_A_MINUTE = "Please try again in a minute"
STARTS = (
    "SELECT state, stripe_id, params_hash FROM stripe_intents WHERE key LIKE 'subscription-start:%%' AND subject = %s"
)
DECLINED, ASKS_FOR_3DS = "4000000000000002", "4000002760003184"
RATE_LIMITED_SECONDS = 20
RATE_SECONDS, PER_SECOND = 5, 25


@row("F31", "Stripe fails before it does anything")
def fails_before(case: Case) -> None:
    """Once, which nobody notices, or as often as one call is tried, which the customer is told."""
    customer, tries = case.customer(), case.chance.choice([1, 3])
    with case.planned({"call": "error", "when": "before", "count": tries, **CREATE}):
        said = complaint(customer)
        struck = [visit for visit in creations(case) if visit["fault"]]
    case.expect(len({visit["idempotency_key"] for visit in struck}) == 1, "the call was repeated under another key")
    case.expect((WAIT_A_MINUTE in said) == (tries > 1), f"after {tries} errors the customer was told “{said}”")
    customer.get_subscribed()
    case.settle()
    case.notes.append(f"{tries} errors")
    bought_once(case, customer)


@row("F32", "Stripe creates it, says 500, and says so again for the same key")
def fails_after(case: Case) -> None:
    customer = case.customer()
    with case.planned({"call": "error", "when": "after", **CREATE}):
        said = complaint(customer)
    case.expect(WAIT_A_MINUTE in said, f"the customer was told “{said}”")
    case.settle()
    states = [(state, stripe_id) for state, stripe_id, _ in starts(case, customer)]
    made = [one["id"] for one in at_stripe(case, customer)]
    case.expect(states == [("succeeded", *made)], f"the intents are {states}, at Stripe is {made}")
    customer.get_subscribed()
    case.settle()
    bought_once(case, customer, made=1)


@row("F33", "429 for 20 s, to pages, events and a renewal", limit=90, tracebacks=FAILED)
def too_many(case: Case) -> None:
    """20 s stand for a minute: longer than a page waits, so it fails there; a worker waits 30 s."""
    subscriber, buyer = case.subscriber(), case.customer()
    with ThreadPoolExecutor(1) as people:
        with case.planned({"call": "rate_limit", "count": None}):
            case.house.turn_clock("1 month")
            case.house.turn_clock("2 hours")
            buying = people.submit(buyer.get_subscribed, 5.0)
            time.sleep(RATE_LIMITED_SECONDS)
        before = {visit["request_id"] for visit in calls(case)}
        time.sleep(RATE_SECONDS)
        rate = len({visit["request_id"] for visit in calls(case)} - before) / RATE_SECONDS
        buying.result()
    case.expect(rate <= PER_SECOND, f"{rate:.0f} calls per second after the end")
    case.settle()
    case.notes.append(f"{rate:.0f} calls/s in the {RATE_SECONDS} s after it")
    bought_once(case, buyer)
    case.expect(subscriber.audit("invoice.paid") == 2, "the renewal is not paid")


@row("F37", "HTML or half an answer where JSON was expected")
def not_json(case: Case) -> None:
    """The page of a proxy comes with 502, the truncated answer with 200; the work is done in both cases."""
    customer = case.customer()
    fault = case.chance.choice([{"call": "html", "when": "after"}, {"call": "truncated"}])
    with case.planned({**fault, "count": 1, **CREATE}):
        unheard = complaint(customer)
    customer.get_subscribed()
    case.settle()
    case.notes.append(str(fault["call"]) + (", the customer was told" if unheard else ", heard at the second try"))
    bought_once(case, customer, made=1)


@row("F38", "the key is in use (409), and the same form comes with another order")
def key_in_use(case: Case) -> None:
    customer = case.customer()
    with case.planned({"call": "conflict", "count": 2, **CREATE}):
        customer.subscribe()
    case.settle()
    bought_once(case, customer, made=1)
    other, since = case.customer(), logs.mark(case.house)
    dearer = other.look_at("Pro")
    other.look_at()
    with case.planned({"call": "error", "when": "before", "count": 3, **CREATE}):
        first = other.send("Pay", name=other.organization, country="GB")
    again = other.send("Pay", f"/checkout/{dearer}", name=other.organization, country="GB")
    case.expect(first.status_code == 503, f"three errors were answered with {first.status_code}")
    case.expect(logs.entries(since, "key reused for another deed"), "nobody was told of it")
    case.expect(again.status_code == 409, f"another order in the same form was answered with {again.status_code}")
    case.settle()
    other.get_subscribed()
    case.settle()
    bought_once(case, other)


@row("F39", "an unknown outcome is looked into when its key is older than a day")
def old_key(case: Case) -> None:
    customer = case.customer()
    lost: dict[str, object] = {"call": "reset", "when": "after", "count": 3, "operation": "POST /v1/customers"}
    case.quiet()
    case.house.freeze("clock")
    with case.planned(lost):
        said = complaint(customer)
    case.house.turn_clock("25 hours")
    case.house.thaw("clock")
    case.over()
    case.settle()
    case.expect(WAIT_A_MINUTE in said, f"the customer was told “{said}”")
    key = "SELECT state FROM stripe_intents WHERE key LIKE 'customer-create:%%' ORDER BY started_at DESC LIMIT 1"
    case.expect(case.house.rows(key) == [("succeeded",)], f"the intent is {case.house.rows(key)}")
    customer.get_subscribed()
    case.settle()
    bought_once(case, customer)


@row("F41", "a declined card, then 3-D Secure that nobody completes")
def abandoned(case: Case) -> None:
    customer = case.customer()
    said = complaint(customer, DECLINED)
    case.expect("declined" in said, f"the customer was told “{said}”")
    customer.subscribe(card=ASKS_FOR_3DS)
    case.settle()
    known = [one["status"] for one in at_stripe(case, customer)]
    case.expect("incomplete" in known, f"at Stripe they are {known}")
    case.expect(customer.status() in (None, "incomplete"), f"the subscription is {customer.status()}")
    customer.open("/")
    case.expect("Active" not in customer.text(), "the overview says that it is active")
    case.house.turn_clock("25 hours")
    case.settle()
    known = [one["status"] for one in at_stripe(case, customer)]
    case.expect(set(known) <= {"incomplete_expired", "canceled"}, f"a day later they are {known}")
    customer.get_subscribed()
    case.settle()
    case.expect(customer.status() == "active", f"the subscription is {customer.status()}")
    one_at_stripe(case, customer)


def complaint(customer: Customer, card: str = CARD) -> str:
    """What the customer is told when they try to check out; nothing when it works."""
    try:
        customer.subscribe(card=card)
    except Lost as trouble:
        return str(trouble)
    return ""


def bought_once(case: Case, customer: Customer, made: int | None = None) -> None:
    """`subscribed_once`, and so at Stripe; `made` of them in all, or any number that has ended."""
    subscribed_once(case, customer)
    one_at_stripe(case, customer)
    number = len(at_stripe(case, customer))
    case.expect(made is None or number == made, f"{number} subscriptions were made at Stripe")


def one_at_stripe(case: Case, customer: Customer) -> None:
    """One subscription runs there, paid by one charge, and the end of every call that was to start one is known."""
    known = [one["status"] for one in at_stripe(case, customer)]
    case.expect(known.count("active") == 1, f"at Stripe the subscriptions are {known}")
    case.expect(set(known) <= {"active", "canceled", "incomplete_expired"}, f"at Stripe the subscriptions are {known}")
    charges = case.house.stripe("charges", customer=customer.stripe_customer())
    paid = [one for one in charges if one["status"] == "succeeded"]
    case.expect(len(paid) == 1, f"{len(paid)} charges succeeded")
    open_ends = case.house.rows(
        STARTS + " AND state NOT IN ('succeeded', 'failed', 'overtaken')", customer.stripe_customer()
    )
    case.expect(not open_ends, f"the end of {len(open_ends)} calls is not known")


def at_stripe(case: Case, customer: Customer) -> list[dict[str, Any]]:
    return case.house.stripe("subscriptions", customer=customer.stripe_customer(), status="all")


def starts(case: Case, customer: Customer) -> list[tuple[Any, ...]]:
    """State, Stripe id and hash of every intent to start a subscription."""
    return case.house.rows(STARTS, customer.stripe_customer())


def calls(case: Case) -> list[dict[str, Any]]:
    """The last 500 calls to Stripe, newest first."""
    found: list[dict[str, Any]] = case.house.sandbox("GET", "log")["data"]
    return found


def creations(case: Case) -> list[dict[str, Any]]:
    return [visit for visit in calls(case) if (visit["method"], visit["path"]) == ("POST", "/v1/subscriptions")]
