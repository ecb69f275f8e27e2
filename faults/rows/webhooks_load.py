"""F47–F50: clocks that differ, a burst, poison, and what is no event."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import requests

from faults import events, logs
from faults.case import Case, row
from faults.customers import Customer
from faults.rows.processes import FAILED, bought_but_not_told, subscribed_once, told
from faults.rows.webhooks import change, renamed

BURST, OTHERS, POISONED = 1_000, 200, 5
MOST_ATTEMPTS_SECONDS = 120.0
HURRY = """
    UPDATE inbox_events SET retry_at = NULL WHERE object_id = ANY(%s) AND state = 'received' AND lease_owner IS NULL
    RETURNING attempts"""
STUCK = "SELECT event_id FROM inbox_events WHERE object_id = ANY(%s) AND state = 'parked'"
INBOX = "SELECT count(*) FROM inbox_events"


@row("F47", "the clocks differ by ten minutes, either way")
def clocks_differ(case: Case) -> None:
    """Signatures ten minutes old, as a server ten minutes ahead sees them, and from the future; then the clocks are right."""
    customer, since = case.customer(), logs.mark(case.house)
    bought_but_not_told(case, customer)
    said = events.about(case.house, customer.stripe_customer())
    count = "SELECT count(*) FROM inbox_events WHERE event_id = ANY(%s)"
    answers = {events.post(case.house, event, skew=skew) for event in said for skew in (-600, 600)}
    case.expect(answers == {400}, f"the answers were {sorted(answers)}")
    names = [event["id"] for event in said]
    case.expect(case.house.count(count, names) == 0, "a refused event was written down")
    refused = logs.entries(since, "webhook refused")
    case.expect(len(refused) == 2 * len(said), f"{len(refused)} refusals stand in the log")
    told(case)
    case.over()
    case.settle()
    case.expect(case.house.count(count, names) == len(names), "an event of that time is missing")
    subscribed_once(case, customer)


@row("F48", "1,000 events at once, with people about")
def burst(case: Case) -> None:
    """`bench/webhooks.py` measures ten times as many; here it is the oracles that count."""
    customers = [case.subscriber() for _ in range(3)]
    said = [event for customer in customers for event in events.about(case.house, customer.stripe_customer())]
    many = [renamed(said[number % len(said)], case, f"burst{number}") for number in range(BURST)]
    with ThreadPoolExecutor(1) as people:
        looking = people.submit(_look_around, customers[0], 15)
        answers, seconds = events.post_all(case.house, many)
        case.over()
        pages = looking.result()
    case.settle()
    case.expect(set(answers) == {200}, f"the answers were {sorted(set(answers))}")
    handled = "SELECT count(*) FROM inbox_events WHERE event_id = ANY(%s) AND state IN ('processed', 'ignored')"
    case.expect(case.house.count(handled, [event["id"] for event in many]) == BURST, "an event is not handled")
    case.notes.append(f"thanked at p99 {share(seconds, 0.99) * 1000:.0f} ms, a page at p95 {share(pages, 0.95):.1f} s")


def _look_around(customer: Customer, times: int) -> list[float]:
    spent = []
    for _ in range(times):
        began = time.monotonic()
        customer.open("/invoices")
        spent.append(time.monotonic() - began)
    return spent


def share(figures: Sequence[float], part: float) -> float:
    """The figure that this part of them does not exceed."""
    return sorted(figures)[min(int(len(figures) * part), len(figures) - 1)]


@row("F49", "five events whose objects cannot be absorbed, among 200 others", tracebacks=FAILED)
def poison(case: Case) -> None:
    """Subscriptions to a price that is in no catalogue here. Their retries are brought forward, or it took half an hour."""
    victims, other, sam = [case.subscriber() for _ in range(POISONED)], case.subscriber(), case.customer()
    case.house.command("staff", "add", sam.email)
    case.quiet()
    since, prices = logs.mark(case.house), {}
    for victim in victims:
        subscription, prices[subscription] = _other_price(case, victim)
    said = events.about(case.house, other.stripe_customer())
    many = [renamed(said[number % len(said)], case, f"other{number}") for number in range(OTHERS)]
    answers, _ = events.post_all(case.house, many)
    case.expect(set(answers) == {200}, f"the answers were {sorted(set(answers))}")
    fates = "SELECT count(*) FROM inbox_events WHERE event_id = ANY(%s) AND state = 'received'"
    case.wait(lambda: not case.house.count(fates, [event["id"] for event in many]), "the others", 60)
    case.wait(lambda: _hurried(case, list(prices)), "all attempts", MOST_ATTEMPTS_SECONDS)
    names = [name for (name,) in case.house.rows(STUCK, list(prices))]
    alerts = sorted(entry["event_id"] for entry in logs.entries(since, "event parked"))
    case.expect(alerts == sorted(names), f"{len(alerts)} alerts for {len(names)} parked events")
    for subscription, (item, price) in prices.items():
        change(case, f"subscriptions/{subscription}", **_at(item, price))
    case.over()
    for name in names:
        sam.open(f"/admin/webhooks/{name}")
        sam.press("Replay")
    case.settle()
    case.notes.append(f"{len(names)} events parked and replayed")


def _other_price(case: Case, victim: Customer) -> tuple[str, tuple[str, str]]:
    """Give their subscription a price made for them at Stripe; its id, and the item and price it had."""
    (subscription,) = case.house.stripe("subscriptions", customer=victim.stripe_customer())
    item = subscription["items"]["data"][0]
    price = item["price"]
    wish = {"product": price["product"], "currency": price["currency"], "unit_amount": str(price["unit_amount"])}
    made = change(case, "prices", **wish, **{"recurring[interval]": price["recurring"]["interval"]})
    change(case, f"subscriptions/{subscription['id']}", **_at(item["id"], made["id"]))
    return subscription["id"], (item["id"], price["id"])


def _at(item: str, price: str) -> dict[str, str]:
    return {"items[0][id]": item, "items[0][price]": price, "proration_behavior": "none"}


def _hurried(case: Case, subscriptions: list[str]) -> bool:
    """Bring every retry forward; whether none is left, and each subscription has its parked event."""
    left = case.house.rows(HURRY, subscriptions)
    waiting = "SELECT count(*) FROM inbox_events WHERE object_id = ANY(%s) AND state = 'received'"
    parked = "SELECT count(DISTINCT object_id) FROM inbox_events WHERE object_id = ANY(%s) AND state = 'parked'"
    return (
        not left
        and not case.house.count(waiting, subscriptions)
        and case.house.count(parked, subscriptions) == POISONED
    )


CLOSED = 0


def _answer(case: Case, body: bytes) -> int:
    """The status; CLOSED by a server that has answered and does not listen to the rest."""
    try:
        return events.post(case.house, body)
    except requests.ConnectionError:
        return CLOSED


@row("F50", "correctly signed, and no event")
def no_event(case: Case) -> None:
    """10 MB, JSON 100,000 deep, bytes that are no text, a list, a thin event, an id that is a number."""
    bodies = {
        "10 MB": b'{"id": "evt_1", "padding": "' + b"x" * 10_000_000 + b'"}',
        "deep": b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "no text": b'{"id": "\xff\xfe"}',
        "list": b"[1, 2, 3]",
        "thin": b'{"id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"}',
        "number": b'{"id": "evt_2", "type": "invoice.paid", "created": 1, "data": {"object": {"id": 7}}}',
        "empty": b"",
    }
    before = case.house.count(INBOX)
    answers = {name: _answer(case, body) for name, body in bodies.items()}
    case.over()
    case.settle()
    large = answers.pop("10 MB")
    case.expect(large in (413, CLOSED), f"10 MB were answered with {large}")
    case.expect(set(answers.values()) == {400}, f"the answers were {answers}")
    case.expect(case.house.count(INBOX) == before, "a row was written")
