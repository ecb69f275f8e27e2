"""A burst, with all of the portal running, and a person who reads pages meanwhile."""

import random
import threading
import time
from collections.abc import Iterator

import requests

from portal.demo.seed import ADA, Seed
from portal.services.supervisor import Supervisor

from . import processes, sending
from .world import Template, World

PAGES = ("/", "/invoices", "/plans", "/payment-methods")
PATIENCE_SECONDS = 240
PROCESSES = ("web", "worker", "worker-2", "documents")
Row = tuple[str, str, str]


class Reader:
    """Ada opens one page after the other, until told to stop."""

    def __init__(self, world: World) -> None:
        seed = Seed(world.stack.url, world.stack.sandbox_url, world.stack.mailbox.url, lambda email: None)
        self._http: requests.Session = seed._sign_up(ADA, "Analytical Engines")._http
        self._url, self._enough = world.stack.url, threading.Event()
        self.seconds: list[float] = []
        self.failed = 0
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self._enough.wait(0.2):
            begun = time.perf_counter()
            answer = self._http.get(self._url + PAGES[len(self.seconds) % len(PAGES)], timeout=30)
            self.seconds.append(time.perf_counter() - begun)
            self.failed += answer.status_code != 200 or answer.url.endswith("/login")

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()


def rows(world: World, customers: int, amount: int, going_on: int) -> Iterator[Row]:
    """A burst of `amount` events, all about what is new here; then `going_on` more, to see what the processes hold."""
    with world.running(*PROCESSES, "clock") as portal:
        _await_first_comparison(world)
        templates = world.subscribers(customers)
        yield from _burst(world, portal, templates, amount)
        yield from _memory(world, portal, templates, going_on)


def _burst(world: World, portal: Supervisor, templates: list[Template], amount: int) -> Iterator[Row]:
    reader = Reader(world)
    chosen = [templates[n % len(templates)] for n in range(amount)]
    random.Random(7).shuffle(chosen)
    posts = sending.requests(chosen, amount, world.stack.webhook_secret, world.stack.port)
    before, spent = world.calls(), _spent(portal)
    with reader:
        begun = time.perf_counter()
        sent = sending.send(posts, world.stack.port)
        drained = _drained(world, begun)
    used = ", ".join(f"{name} {seconds - spent[name]:.0f}" for name, seconds in _spent(portal).items())
    objects = len({template["data"]["object"]["id"] for template in chosen})
    yield f"burst of {amount:,} events over {objects:,} objects: not answered with 2xx", "0", str(sent.refused)
    yield "… answered within, p50 / p99, ms", "p99 < 250", f"{sent.percentile(0.5):.0f} / {sent.percentile(0.99):.0f}"
    yield "… taken in, events per second", "", f"{sent.rate:.0f}"
    yield "… drained within, seconds", "<= 120", f"{drained:.0f}"
    yield "… processor seconds used meanwhile", "", used
    yield "… calls to Stripe", "", f"{world.calls() - before:,}"
    yield "… not processed", "0", str(_left(world))
    pages = sending.Sent([], reader.seconds, 1)
    yield (
        "… pages meanwhile, p50 / p95, ms",
        "p95 < 1000",
        f"{pages.percentile(0.5):.0f} / {pages.percentile(0.95):.0f}",
    )
    yield f"… of {len(reader.seconds)} pages failed", "0", str(reader.failed)


def _await_first_comparison(world: World) -> None:
    """A portal that has just begun compares all there is, which is not the burst's doing."""
    with world.database() as connection:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not connection.execute("SELECT 1 FROM tasks WHERE kind = 'reconcile' AND state = 'done'").fetchone():
            if time.monotonic() > deadline:
                raise RuntimeError("The first comparison with Stripe never came to its end.")
            time.sleep(0.5)


def _spent(portal: Supervisor) -> dict[str, float]:
    return {name: processes.processor_seconds(portal.pid(name)) for name in PROCESSES}


def _drained(world: World, begun: float) -> float:
    """Seconds from `begun` until no event waits any more."""
    with world.database() as connection:
        while time.perf_counter() - begun < PATIENCE_SECONDS:
            (waiting,) = connection.execute(
                "SELECT count(*) FROM inbox_events WHERE state = 'received'"
            ).fetchone() or (0,)
            if not waiting:
                break
            time.sleep(0.5)
    return time.perf_counter() - begun


def _left(world: World) -> int:
    with world.database() as connection:
        found = connection.execute("SELECT count(*) FROM inbox_events WHERE state <> 'processed'").fetchone()
    return int(found[0]) if found else 0


def _memory(world: World, portal: Supervisor, templates: list[Template], amount: int) -> Iterator[Row]:
    names = ("web", "worker", "worker-2")
    held = {name: [processes.megabytes(portal.pid(name))] for name in names}
    for _ in range(4):
        posts = sending.requests(templates, amount // 4, world.stack.webhook_secret, world.stack.port)
        sending.send(posts, world.stack.port)
        _drained(world, time.perf_counter())
        for name in names:
            held[name].append(processes.megabytes(portal.pid(name)))
    for name in names:
        told = " ".join(f"{megabytes:.0f}" for megabytes in held[name])
        slope = (held[name][-1] - held[name][1]) / (amount * 3 / 4) * 10_000
        yield f"memory of {name} after each quarter of {amount:,} events more, MB", "flat", told
        yield "… growth per 10,000 events after the first quarter, MB", "~ 0", f"{slope:.1f}"
