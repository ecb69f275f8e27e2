"""F17–F22: Redis is emptied, dies, is away, is slow, is full, is hostile. It is a bell, so nothing but time may be lost."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from rq import Queue
from rq.serializers import DefaultSerializer, JSONSerializer

from app.core.tasks import QUEUES
from faults import events, logs, quiet
from faults.case import Case, row
from faults.customers import Customer
from faults.house import WEBS, WORKERS, House
from faults.load import SENDERS, threads
from faults.rows.processes import bought_but_not_told, subscribed_once, told
from portal.demo.visitor import Lost, Visitor

QUEUED = 1_000
DOWN_SECONDS = 300.0
SLOW_SECONDS = 20.0
LONGEST_PAGE_SECONDS = 3.0
LISTENERS = (*WORKERS, "documents")
PAGES = ("/plans", "/", "/invoices", "/login")
FULL_BYTES = 1
CLOSED = (
    "UPDATE sign_in_failures SET closed_until = now() + interval '10 minutes' WHERE failures >= 5 RETURNING failures"
)


@row("F17", f"Redis is emptied while {QUEUED} events wait")
def emptied(case: Case) -> None:
    customer = case.subscriber()
    guesser = Visitor(case.house.url, {"X-Forwarded-For": "10.250.0.1"})
    model = events.copy(case.house, "customer.subscription.created", customer.stripe_customer(), "evt_")
    for name in (*LISTENERS, "clock"):
        case.house.freeze(name)
    name = f"evt_f17_{case.seed}_{customer.id}"
    waiting = [model | {"id": f"{name}_{number}"} for number in range(QUEUED)]
    statuses: list[int] = []

    def send(sender: int) -> None:
        for event in waiting[sender::SENDERS]:
            statuses.append(events.post(case.house, event))

    with threads(send, SENDERS):
        pass
    case.expect(statuses == [200] * QUEUED, f"answers to events: {Counter(statuses)}")
    _close_by_wrong_passwords(case, guesser, customer)
    _open(case.house).flushall()
    for name in (*LISTENERS, "clock"):
        case.house.thaw(name)
    case.over()
    case.expect(_try(guesser, customer) == "429", "wrong passwords are forgotten with Redis")
    case.settle()
    case.expect(customer.audit("subscription.started") == 1, "the subscription started more than once")


def _close_by_wrong_passwords(case: Case, guesser: Visitor, customer: Customer) -> None:
    """Five wrong ones close the account for some seconds; it is kept closed, because this machine may be slow."""
    for _ in range(5):
        _try(guesser, customer)
    case.expect(case.house.rows(CLOSED), "wrong passwords are not counted in the database")


def _try(guesser: Visitor, customer: Customer) -> str:
    """Sign in with a wrong password; the status of the answer."""
    guesser.open("/login")
    try:
        guesser.press("Sign in", email=customer.email, password="not-the-right-words")
    except Lost as refused:
        return str(refused).split(" answered ")[1][:3]
    return "200"


@row("F18", "Redis is killed and comes back empty")
def killed(case: Case) -> None:
    customer = case.customer()
    bought_but_not_told(case, customer)
    before = {name: case.house.pid(name) for name in LISTENERS}
    case.house.kill("redis")
    told(case)
    case.over()
    case.settle()
    began = time.monotonic()
    case.wait(lambda: _listening(case.house) == len(LISTENERS), "the workers to listen again")
    case.notes.append(f"workers listen again {time.monotonic() - began + (case.recovery or 0):.0f} s after the kill")
    after = {name: case.house.pid(name) for name in LISTENERS}
    case.expect(after == before, "workers had to be started again")
    subscribed_once(case, customer)


def _listening(house: House) -> int:
    """How many workers wait for a bell."""
    try:
        return sum("b" in client["flags"] for client in _open(house).client_list())
    except redis.RedisError:
        return 0


@row("F19", f"Redis is away for {DOWN_SECONDS:.0f} s")
def away(case: Case) -> None:
    """Checkout works, events are taken and handled, and the web servers say what they lack."""
    began = time.monotonic()
    with case.failing("redis", "refuse"):
        customer = case.customer()
        customer.subscribe()
        case.quiet()
        subscribed_once(case, customer)
        words = {name: quiet.readiness(case.house, name) for name in WEBS}
        case.expect(set(words.values()) == {"degraded"}, f"/readyz says {words}")
        handled = time.monotonic() - began
        time.sleep(max(0.0, DOWN_SECONDS - handled))
    case.notes.append(f"signed up, paid and handled within {handled:.0f} s of it")
    customer.cancel()
    case.settle()
    case.wait(lambda: _listening(case.house) == len(LISTENERS), "the workers to listen again")


@row("F20", "Redis answers two seconds late, then accepts and says nothing")
def slow(case: Case) -> None:
    customer = case.subscriber()
    calm = _slowest(customer, 10.0)
    for kind, settings in (("delay", {"seconds": 2.0}), ("blackhole", {})):
        with case.failing("redis", kind, **settings):
            slowest = _slowest(customer, SLOW_SECONDS)
            newcomer = case.customer()
            newcomer.subscribe()
        case.notes.append(f"slowest page {slowest:.2f} s under {kind}, {calm:.2f} s without")
        case.expect(slowest < LONGEST_PAGE_SECONDS + calm, f"a page took {slowest:.1f} s under {kind}")
        case.settle()
        subscribed_once(case, newcomer)


def _slowest(customer: Customer, seconds: float) -> float:
    """Look at pages for some seconds; how long the slowest took."""
    slowest, deadline = 0.0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        for page in PAGES:
            began = time.monotonic()
            customer.open(page)
            slowest = max(slowest, time.monotonic() - began)
    return slowest


@row("F21", "Redis is full")
def full(case: Case) -> None:
    """Nothing can be queued or counted there; what waits is done by the clock process."""
    with _changed(case, lambda server: server.config_set("maxmemory", FULL_BYTES)):
        customer = case.customer()
        customer.subscribe()
        case.quiet()
        subscribed_once(case, customer)
    case.settle()


@contextmanager
def _changed(case: Case, change: Callable[[redis.Redis], object]) -> Iterator[None]:
    server = _open(case.house)
    change(server)
    try:
        yield
    finally:
        server.config_set("maxmemory", 0)
        case.over()


class Pickled:
    """Unpickling it runs a command."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self._command,)


@row("F22", "somebody writes jobs into Redis that run commands, as pickle and as JSON")
def hostile(case: Case) -> None:
    proof, since = Path(case.house.stack.home / f"proof-{case.seed}"), logs.mark(case.house)
    server, command = _open(case.house), f"touch {proof}"
    for queue in QUEUES:
        Queue(queue, connection=server, serializer=DefaultSerializer).enqueue("os.getcwd", Pickled(command))
        Queue(queue, connection=server, serializer=JSONSerializer).enqueue("os.system", command)
    case.wait(lambda: not any(server.llen(f"rq:queue:{queue}") for queue in QUEUES), "the jobs to be taken")
    case.wait(lambda: len(logs.entries(since, "job refused")) == 2 * len(QUEUES), "an alarm for each job")
    case.over()
    case.settle()
    customer = case.subscriber()
    case.expect(not proof.exists(), "a job ran a command")
    subscribed_once(case, customer)


def _open(house: House) -> redis.Redis:
    """Redis by its own port, with all rights."""
    return redis.Redis.from_url(house.stack.redis.url, socket_timeout=5)
