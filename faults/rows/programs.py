"""F10–F14: other code, too little memory, no clock, two clocks."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from faults.case import Case, row
from faults.customers import Customer
from faults.house import WORKERS, House
from faults.rows.processes import FAILED, bought_but_not_told, subscribed_once, told

ROOT = Path(__file__).parents[2]
PROGRAM = ("app", "worker", "portal", "templates", "static")
UNKNOWN = {
    "app/webhooks/registry.py": '    "invoice.paid": (invoice_changed,),\n',
    "worker/runner.py": "    **notifications.HANDLERS,\n",
}
"""What the older version did not have: a type of event, and a kind of task."""
LEFT_EVENT = """
    SELECT count(*) FROM inbox_events
    WHERE type = 'invoice.paid' AND state = 'received' AND attempts = 0 AND retry_at IS NOT NULL"""
LEFT_MAIL = "SELECT count(*) FROM tasks WHERE kind = 'send_mail' AND state = 'pending' AND attempts = 0 AND retry_at IS NOT NULL"
TRIED = "SELECT count(*) FROM tasks WHERE kind = 'render_invoice' AND state = 'pending' AND (attempts > 1 OR retry_at > now())"
CARDS = (
    *("4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222", "5105105105105100"),
    *("5200828282828210", "378282246310005", "6011111111111117", "3056930009020004", "3566002020360505"),
)
"""Each is good for one trial in a house."""
MORE_BYTES = 2_000_000


@row("F10", "only a worker of an older version is there, which knows neither the event nor the task")
def older_worker(case: Case) -> None:
    """It leaves both as they were, without using an attempt; the newer ones do them when they come."""
    house, customer = case.house, case.customer()
    bought_but_not_told(case, customer)
    newer = [house.end(name) for name in WORKERS]
    older = house.stack.process("worker-of-before", "worker", "webhooks", "mail", "default")
    house.start(replace(older, cwd=_older_version(house)))
    told(case)
    case.wait(lambda: house.count(LEFT_EVENT), "the older worker to leave the event alone")
    case.wait(lambda: house.count(LEFT_MAIL), "the older worker to leave the mail alone")
    house.end("worker-of-before")
    house.start(*newer)
    case.over()
    case.settle()
    subscribed_once(case, customer)


def _older_version(house: House) -> Path:
    """The program as it may have been before: a copy of its source without what came later."""
    place = house.stack.home / "older"
    for part in PROGRAM:
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for file, later in UNKNOWN.items():
        source = (place / file).read_text()
        assert later in source, f"{file} has no {later.strip()} to be without"
        (place / file).write_text(source.replace(later, ""))
    return place


@row("F12", "the process that draws PDFs has no memory left", tracebacks=FAILED)
def no_memory(case: Case) -> None:
    customer = case.customer()
    with _short_of_memory(case.house.pid("documents")):
        customer.subscribe()
        case.wait(lambda: case.house.count(TRIED), "a drawing that fails")
        customer.open("/invoices")
        case.expect("$99.00" in customer.text(), "the page of invoices does not show the invoice")
    case.over()
    case.settle()
    subscribed_once(case, customer)


@contextmanager
def _short_of_memory(pid: int) -> Iterator[None]:
    """The process, and each that it forks, has two megabytes left."""
    unlimited = resource.prlimit(pid, resource.RLIMIT_AS)
    used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (used + MORE_BYTES, unlimited[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, unlimited)


@row("F13", "the clock process is away for six hours of business")
def clock_away(case: Case) -> None:
    customer = _on_trial(case)
    clock = case.house.end("clock")
    case.house.turn_clock("6 hours")
    case.house.start(clock)
    case.over()
    case.settle()
    _reminded_once(case, customer)


@row("F14", "two clock processes")
def two_clocks(case: Case) -> None:
    customer = _on_trial(case)
    case.house.start(case.house.stack.process("clock-2", "clock"))
    case.house.turn_clock("6 hours")
    case.over()
    case.settle()
    case.house.end("clock-2")
    _reminded_once(case, customer)


def _on_trial(case: Case) -> Customer:
    """Somebody whose trial will end in three days and three hours: within six hours they are to be told."""
    customer = case.customer()
    begun = case.house.count("SELECT count(*) FROM trial_cards")
    customer.subscribe("Starter", CARDS[begun])
    case.wait(lambda: customer.status() == "trialing", "the trial")
    case.house.turn_clock(str((14 - 3) * 86_400 - 3 * 3600))
    case.quiet()
    case.expect(customer.audit("subscription.trial_reminded") == 0, "the reminder came early")
    return customer


def _reminded_once(case: Case, customer: Customer) -> None:
    reminders = customer.audit("subscription.trial_reminded")
    case.expect(reminders == 1, f"the customer was reminded {reminders} times of the end of the trial")
    mails = [subject for subject in customer.mails() if "trial ends" in subject]
    case.expect(len(mails) == 1, f"mails about the end of the trial: {mails}")
