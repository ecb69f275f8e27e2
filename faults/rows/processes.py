"""F01–F08, F11: processes die and freeze in the middle of their work."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests

from faults import events, logs
from faults.case import Case, row
from faults.customers import CARD, Customer
from faults.house import WEBS
from portal.services import leash
from portal.services.child import ServiceError

FAILED = ("event not handled", "task not done")
RENDERED = "SELECT count(*) FROM invoices WHERE organization_id = %s AND pdf_state = 'ready'"
KILLS, MOST_EVENTS = 14, 20_000


@row("F01", "the process that draws a PDF is killed")
def drawing_dies(case: Case) -> None:
    customer = case.customer()
    case.house.arm("document_before_rename")
    customer.subscribe()
    case.struck("document_before_rename")
    case.over()
    case.settle()
    case.expect(case.house.count(RENDERED, customer.id) == 1, "the invoice has no PDF")
    subscribed_once(case, customer)


@row("F02", "a worker is killed in the middle of an event")
def worker_dies(case: Case) -> None:
    customer, point = case.customer(), case.chance.choice(["event_claimed", "handler_mid", "event_before_commit"])
    bought_but_not_told(case, customer)
    case.house.arm(point)
    told(case)
    case.struck(point)
    case.over()
    case.settle()
    case.notes.append(point)
    subscribed_once(case, customer)


@row("F03", "RQ's own process hangs while its child goes on drawing", tracebacks=FAILED)
def parent_hangs(case: Case) -> None:
    """A child that outlives its lease: another draws the invoice meanwhile, and only one of the two says so."""
    customer = case.customer()
    case.house.arm("document_before_rename", "sleep 45")
    customer.subscribe()
    case.struck("document_before_rename")
    since = logs.mark(case.house)
    case.house.freeze("documents")
    second = case.house.stack.process("documents-2", "worker", "documents")
    case.house.start(second)
    case.over()
    case.settle()
    case.expect(case.house.count(RENDERED, customer.id) == 1, "the invoice has no PDF")
    case.wait(lambda: _loser(since), "the child that was too late to notice")
    case.house.thaw("documents")
    case.house.end("documents-2")


def _loser(since: logs.Marks) -> bool:
    return bool(logs.entries(since, "lease lost, leaving the task to its new owner"))


@row("F04", "a worker is frozen for 90 s in the middle of an event", tracebacks=FAILED)
def worker_freezes(case: Case) -> None:
    """What it had begun is done by the other, while it is frozen; awake again it changes nothing."""
    customer = case.customer()
    bought_but_not_told(case, customer)
    case.house.arm("handler_mid", "sleep 3")
    told(case)
    case.struck("handler_mid")
    frozen = claimant(case)
    case.house.freeze(frozen)
    began = time.monotonic()
    case.over()
    case.wait(lambda: customer.status() == "active", "the other worker")
    case.settle()
    time.sleep(max(0.0, 90 - (time.monotonic() - began)))
    case.house.thaw(frozen)
    case.settle()
    subscribed_once(case, customer)


@row("F11", "an event's work goes on for longer than its lease and heeds no limit", tracebacks=FAILED)
def work_does_not_end(case: Case) -> None:
    """Another worker does it meanwhile; what comes too late changes nothing."""
    customer = case.customer()
    bought_but_not_told(case, customer)
    case.house.arm("handler_mid", "sleep 75")
    told(case)
    case.struck("handler_mid")
    began = time.monotonic()
    case.over()
    case.wait(lambda: customer.status() == "active", "the other worker")
    case.settle()
    time.sleep(max(0.0, 80 - (time.monotonic() - began)))
    case.settle()
    subscribed_once(case, customer)


def claimant(case: Case) -> str:
    """The worker that is at an event, by the process in the name of its lease."""
    owners = case.house.rows("SELECT DISTINCT lease_owner FROM inbox_events WHERE lease_owner IS NOT NULL")
    pids = {int(owner.split(":")[1]) for (owner,) in owners}
    return next(name for name in ("worker-1", "worker-2", "clock") if case.house.pid(name) in pids)


@row("F05", "a web server is killed between its commit and the bell")
def nobody_rings(case: Case) -> None:
    customer = case.customer()
    bought_but_not_told(case, customer)
    case.house.arm("after_commit_before_bell")
    told(case)
    case.struck("after_commit_before_bell")
    case.over()
    case.settle()
    subscribed_once(case, customer)


@row("F06", "a web server is killed after Stripe's answer, before it is written down")
def answer_is_lost(case: Case) -> None:
    """On the first call of a checkout, or on the cancellation. The customer presses again."""
    customer, cancels = case.customer(), case.chance.random() < 0.5
    if cancels:
        customer.subscribe()
        case.wait(lambda: customer.status() == "active", "the subscription")
        case.quiet()
    case.house.arm("after_stripe_before_commit")
    case.expect(breaks(customer.cancel if cancels else customer.subscribe), "the customer noticed nothing")
    case.expect(case.house.has_struck("after_stripe_before_commit"), "nobody came by the failpoint")
    case.over()
    customer.patiently(customer.cancel if cancels else customer.subscribe)
    case.settle()
    case.notes.append("cancellation" if cancels else "checkout")
    subscribed_once(case, customer)
    if cancels:
        case.expect(
            customer.audit("subscription.cancellation_scheduled") == 1, "the cancellation is not in the audit once"
        )


def breaks(act: Callable[[], None]) -> bool:
    """Whether the connection broke while the customer did it."""
    try:
        act()
    except requests.RequestException:
        return True
    return False


@row("F07", "a web server is killed after its commit, before it thanks Stripe")
def thanks_are_lost(case: Case) -> None:
    customer = case.customer()
    bought_but_not_told(case, customer)
    case.house.arm("before_response")
    told(case)
    case.struck("before_response")
    case.over()
    case.settle()
    subscribed_once(case, customer)


@row("F08", "a random web process is killed every 0.7 s while events come in")
def killed_while_listening(case: Case) -> None:
    customer = case.subscriber()
    known_to_stripe = events.copy(case.house, "customer.subscription.created", customer.stripe_customer(), "evt_")
    name = f"evt_f08_{case.seed}_{customer.id}"
    thanked: list[str] = []
    with _ingest(case, [known_to_stripe | {"id": f"{name}_{n}"} for n in range(MOST_EVENTS)], thanked):
        kills = sum(_kill_a_web_process(case) for _ in range(KILLS))
    case.over()
    known = {
        event for (event,) in case.house.rows("SELECT event_id FROM inbox_events WHERE event_id LIKE %s", f"{name}%")
    }
    missing = [event for event in thanked if event not in known]
    case.expect(not missing, f"{len(missing)} of {len(thanked)} events were thanked for and are missing")
    customer.patiently(lambda: customer.open("/"))
    case.expect(customer.heading() == "Overview", "somebody was signed out")
    case.notes.append(f"{kills} kills, {len(thanked)} thanked, {len(missing)} missing")


@contextmanager
def _ingest(case: Case, waiting: list[dict[str, Any]], thanked: list[str]) -> Iterator[None]:
    """Post events for the block, three at a time; who is not thanked goes on to the next, as Stripe would come back later."""
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set() and waiting:
            event = waiting.pop()
            try:
                if events.post(case.house, event) == 200:
                    thanked.append(event["id"])
            except requests.RequestException:
                stop.wait(0.05)

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        yield
    finally:
        stop.set()
        for sender in senders:
            sender.join()


def _kill_a_web_process(case: Case) -> bool:
    time.sleep(0.7)
    parents = set()
    for name in WEBS:
        with suppress(ServiceError):  # it is just being started again
            parents.add(case.house.pid(name))
    workers = sorted(pid for pid, parent, _ in leash.processes() if parent in parents)
    return bool(workers) and case.house.end_process(case.chance.choice(workers))


def bought_but_not_told(case: Case, customer: Customer) -> None:
    """The customer pays while Stripe holds its events back."""
    price = customer.look_at()
    case.quiet()
    case.house.sandbox("POST", "deliveries", paused=True)
    customer.buy(price, CARD, name=customer.organization, country="GB")


def told(case: Case) -> None:
    """Stripe's events go out."""
    case.house.sandbox("POST", "deliveries", paused=False)


def subscribed_once(case: Case, customer: Customer) -> None:
    """One active subscription, begun once, with one invoice paid once and one mail for each."""
    case.expect(customer.status() == "active", f"the subscription is {customer.status()}")
    for action in ("subscription.started", "invoice.issued", "invoice.paid"):
        case.expect(customer.audit(action) == 1, f"{action} stands {customer.audit(action)} times in the audit")
