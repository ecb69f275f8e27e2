"""How fast and how large the sandbox is: ``python -m bench.sandbox`` prints a table.

The server runs in a process of its own, pinned to one core where the system lets it, and this client to another. Beside
what the wall clock says stand two figures that survive a busy or a slower machine: how often a thing could be done in one
second of the server's processor time, and how much dearer it is than an answer to an unknown URL.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

SECRET, PUBLISHABLE = "sk_test_sandbox", "pk_test_sandbox"
CARD = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": 12, "card[exp_year]": 2034}
YEAR = 365 * 86400
SUBSCRIPTIONS_OF_A_YEAR = 50
BARE_REQUESTS = 2000

Row = tuple[str, str]


class Rates(NamedTuple):
    """Per second of the wall clock, and of the server's processor time."""

    wall: float
    processor: float


class Program:
    """A running sandbox and one kept connection to it."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: _pin(0))
        assert self.process.stdout is not None
        address = urlsplit(self.process.stdout.readline().split()[-1])
        self._connection = http.client.HTTPConnection(address.netloc)

    def ask(self, method: str, path: str, key: str = SECRET, **params: Any) -> dict[str, Any]:
        """One request of the API; an answer that is no success is returned like one."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
        return self._exchange(method, path, urlencode(params), headers)

    def control(self, path: str, **wish: Any) -> dict[str, Any]:
        return self._exchange("POST", f"/_sandbox/{path}", json.dumps(wish), {"Content-Type": "application/json"})

    def processor_seconds(self) -> float:
        """What the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """What the process holds in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()

    def _exchange(self, method: str, path: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
        self._connection.request(method, path, body, headers)
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return answer


class Shop:
    """A catalogue of one price and the ways to sell it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        product = program.ask("POST", "/v1/products", name="Growth")["id"]
        recurring = {"recurring[interval]": "month"}
        self.price = program.ask("POST", "/v1/prices", product=product, currency="usd", unit_amount=9900, **recurring)[
            "id"
        ]

    def flow(self) -> None:
        """A customer, an incomplete subscription, and the card typed into a page."""
        ask = self.program.ask
        customer = ask("POST", "/v1/customers", name="Ada", email="ada@example.com")["id"]
        subscription = ask(
            "POST",
            "/v1/subscriptions",
            customer=customer,
            payment_behavior="default_incomplete",
            **{"items[0][price]": self.price, "expand[0]": "latest_invoice.confirmation_secret"},
        )
        secret = subscription["latest_invoice"]["confirmation_secret"]["client_secret"]
        method = ask("POST", "/v1/payment_methods", PUBLISHABLE, **CARD)["id"]
        intent = f"/v1/payment_intents/{secret.split('_secret')[0]}/confirm"
        paid = ask("POST", intent, PUBLISHABLE, client_secret=secret, payment_method=method)
        assert paid["status"] == "succeeded", paid

    def subscribe(self) -> None:
        """A customer with a saved card, and a subscription that renews by itself."""
        ask = self.program.ask
        customer = ask("POST", "/v1/customers", name="Ada")["id"]
        method = ask("POST", "/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
        ask(
            "POST",
            "/v1/subscriptions",
            customer=customer,
            default_payment_method=method,
            **{"items[0][price]": self.price},
        )


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser("python -m bench.sandbox", description=__doc__)
    parser.add_argument("--flows", type=int, default=2000, help="paid subscriptions to make (default 2000)")
    parser.add_argument("--data", help="let the sandbox keep its state in this file meanwhile")
    options = parser.parse_args()
    _pin(1)
    with running(*(["--data", options.data] if options.data else [])) as program:
        for name, value in [*speed_and_size(program, options.flows), *year(program)]:
            sys.stdout.write(f"{name:<58}{value:>14}\n")
            sys.stdout.flush()


def speed_and_size(program: Program, flows: int) -> Iterator[Row]:
    shop = Shop(program)
    for _ in range(20):
        shop.flow()
    bare = rates(program, lambda: program.ask("POST", "/v1/nothing"), BARE_REQUESTS)
    yield "bare requests (an unknown URL), per second", f"{bare.wall:.0f}"
    yield "… per second of processor time", f"{bare.processor:.0f}"
    before = program.megabytes()
    paid = rates(program, shop.flow, flows)
    yield "customer + subscription + payment, flows per second", f"{paid.wall:.0f}"
    yield "… per second of processor time", f"{paid.processor:.0f}"
    yield "… cost as much as this many bare requests each", f"{bare.processor / paid.processor:.1f}"
    yield "megabytes when empty", f"{before:.0f}"
    yield "megabytes per 1,000 flows", f"{(program.megabytes() - before) / flows * 1000:.1f}"
    yield f"reset after {flows:,} flows, ms", f"{1000 * seconds(lambda: program.control('reset')):.0f}"
    yield "reset of an empty store, ms", f"{1000 * seconds(lambda: program.control('reset')):.0f}"


def year(program: Program) -> Iterator[Row]:
    shop = Shop(program)
    for _ in range(SUBSCRIPTIONS_OF_A_YEAR):
        shop.subscribe()
    before = program.processor_seconds()
    spent = seconds(lambda: program.control("clock", by=str(YEAR)))
    yield f"a year of {SUBSCRIPTIONS_OF_A_YEAR} monthly subscriptions, seconds", f"{spent:.2f}"
    yield "… of processor time", f"{program.processor_seconds() - before:.2f}"


def seconds(deed: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    deed()
    return time.perf_counter() - begun


def rates(program: Program, deed: Callable[[], Any], times: int) -> Rates:
    """How often per second a deed can be done, one after the other."""
    before = program.processor_seconds()
    wall = seconds(lambda: [deed() for _ in range(times)])
    return Rates(times / wall, times / (program.processor_seconds() - before))


@contextmanager
def running(*options: str) -> Iterator[Program]:
    program = Program(*options)
    try:
        yield program
    finally:
        program.close()


def _pin(core: int) -> None:
    if hasattr(os, "sched_setaffinity") and core in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {core})


if __name__ == "__main__":
    main()
