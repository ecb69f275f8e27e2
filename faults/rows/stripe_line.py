"""F34–F36, F40: the line to Stripe hangs, breaks, drips, and is dead for a while."""

import time
from concurrent.futures import ThreadPoolExecutor

import requests

from faults import logs
from faults.case import Case, row
from faults.customers import Customer
from faults.rows.processes import FAILED
from faults.rows.stripe import CREATE, WAIT_A_MINUTE, bought_once, complaint, starts
from portal.demo.visitor import Lost

PAGE_SECONDS = 12.0
OUTAGE_SECONDS = 40
READ = ("/", "/invoices", "/subscription", "/payment-methods")
BREAKS_AT = (0, 20, 300, 900, 3000)
"""Bytes of answers after which the connection breaks: before the first, in its status, its headers, its body, and later."""


@row("F34", "Stripe hangs, once after the work is done, once with nothing done", tracebacks=FAILED)
def hangs(case: Case) -> None:
    """In the middle of a start, and from the first call on."""
    first, second = case.customer(), case.customer()
    with case.planned({"call": "timeout", "seconds": 25, **CREATE}):
        spent = [_seconds_until_told(case, first)]
    case.wait(lambda: _is_known(case, first), "the end of the call that hung")
    first.get_subscribed()
    case.settle()
    price = second.look_at()
    second.open(f"/checkout/{price}")
    with case.failing("stripe", "blackhole"):
        spent.append(_seconds_until_refused(case, second))
    second.get_subscribed()
    case.settle()
    case.notes.append("the page answered after " + " and ".join(f"{seconds:.1f} s" for seconds in spent))
    case.expect(max(spent) <= PAGE_SECONDS, f"a page took {max(spent):.1f} s")
    bought_once(case, first, made=1)
    bought_once(case, second)


def _seconds_until_told(case: Case, customer: Customer) -> float:
    price = customer.look_at()
    customer.open(f"/checkout/{price}")
    return _seconds_until_refused(case, customer)


def _seconds_until_refused(case: Case, customer: Customer) -> float:
    began = time.monotonic()
    answer = customer.send("Pay", name=customer.organization, country="GB")
    spent = time.monotonic() - began
    case.expect(answer.status_code == 503, f"the page answered {answer.status_code}")
    return spent


def _is_known(case: Case, customer: Customer) -> bool:
    return [state for state, *_ in starts(case, customer)] == ["succeeded"]


@row("F35", "the connection to Stripe breaks after so many bytes, and around the start itself")
def breaks(case: Case) -> None:
    """Three connections each time, as many as one call is tried."""
    places = [*case.chance.sample(BREAKS_AT, 2), case.chance.randint(1, 20_000)]
    customers = [case.customer() for _ in range(len(places) + 2)]
    for customer, after in zip(customers, places, strict=False):
        with case.failing("stripe", "cut", after=after, count=3):
            complaint(customer)
    for customer, when in zip(customers[len(places) :], ("before", "after"), strict=True):
        with case.planned({"call": "reset", "when": when, "count": 3, **CREATE}):
            said = complaint(customer)
        case.expect(WAIT_A_MINUTE in said, f"reset {when} the work, the customer was told “{said}”")
    for customer in customers:
        customer.get_subscribed()
    case.settle()
    case.notes.append(f"after {', '.join(map(str, places))} bytes")
    for customer in customers:
        bought_once(case, customer)


@row("F36", "Stripe's answer drips at one byte per second", tracebacks=FAILED)
def drips(case: Case) -> None:
    customer = case.customer()
    price = customer.look_at()
    customer.open(f"/checkout/{price}")
    case.quiet()
    with case.failing("stripe", "drip", rate=1.0):
        spent = _seconds_until_refused(case, customer)
    customer.get_subscribed()
    case.settle()
    case.notes.append(f"the page answered after {spent:.1f} s")
    case.expect(spent <= PAGE_SECONDS, f"the page took {spent:.1f} s")
    bought_once(case, customer)


@row("F40", "Stripe is away for 40 s, in the middle of renewals and a purchase", tracebacks=FAILED)
def away(case: Case) -> None:
    """40 s stand for half an hour: the breaker is open after 10 s and sees several probes fail."""
    subscriber, buyer = case.subscriber(), case.customer()
    price = buyer.look_at()
    since, began = logs.mark(case.house), time.monotonic()
    with ThreadPoolExecutor(1) as people:
        with case.planned({"call": "error", "when": "before", "count": None}):
            case.house.turn_clock("1 month")
            case.house.turn_clock("2 hours")
            pages = people.submit(_read, subscriber, began + OUTAGE_SECONDS)
            _press(buyer, price)
            case.wait(lambda: logs.entries(since, "Stripe does not answer, leaving it alone"), "a breaker to open")
            opened = time.monotonic() - began
            subscriber_sees = _overview(subscriber.tab())
            time.sleep(max(0.0, OUTAGE_SECONDS - (time.monotonic() - began)))
        slowest, failed = pages.result()
    case.settle()
    buyer.get_subscribed()
    case.settle()
    case.notes.append(f"a breaker open after {opened:.0f} s, the slowest page {slowest:.1f} s")
    case.expect("As of" in subscriber_sees, "the overview does not say of when it is")
    case.expect(not failed, f"meanwhile these pages failed: {failed}")
    case.expect(logs.entries(since, "Stripe answers again"), "no breaker closed")
    case.expect(subscriber.audit("invoice.paid") == 2, "the renewal is not paid")
    bought_once(case, buyer)


def _overview(customer: Customer) -> str:
    customer.open("/")
    return customer.text()


def _press(customer: Customer, price: str) -> None:
    """A few times, as people do."""
    for _ in range(3):
        try:
            customer.open(f"/checkout/{price}")
        except Lost:
            time.sleep(0.5)


def _read(customer: Customer, until: float) -> tuple[float, list[str]]:
    """Look at all that is kept here; answers the seconds of the slowest page, and those that did not come."""
    slowest, failed = 0.0, []
    while time.monotonic() < until:
        for address in READ:
            began = time.monotonic()
            try:
                customer.open(address)
            except (Lost, requests.RequestException) as trouble:
                failed.append(f"{address}: {trouble}"[:100])
            slowest = max(slowest, time.monotonic() - began)
        time.sleep(1)
    return slowest, failed
