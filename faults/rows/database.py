"""F23–F26 and F29: PostgreSQL restarts, is killed, says nothing, meets itself, has no connection left."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import psycopg
import requests

from faults.case import Case, row
from faults.customers import Customer
from faults.house import House
from faults.load import posting, threads
from faults.rows.processes import FAILED, subscribed_once
from portal.demo.stack import DATABASE

LOAD_SECONDS = 4.0
SILENT_SECONDS = 20.0
LONGEST_WAIT_SECONDS = 7.0
EXHAUSTED_SECONDS = 2.0
CROSSING_SECONDS, PAUSE_SECONDS = 1.0, 0.5
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
READERS, TEAMS, PRESSES = 3, 4, 5

# What a worker or the clock may write about a database that leaves it.
BROKEN = (*FAILED, "queue not drained", "periodic work failed")


@row("F23", "PostgreSQL is restarted under load", tracebacks=BROKEN)
def restarted(case: Case) -> None:
    _broken_under_load(case, lambda: case.house.restart("postgres"))


@row("F24", "PostgreSQL is killed under load", tracebacks=BROKEN)
def killed(case: Case) -> None:
    _broken_under_load(case, lambda: case.house.kill("postgres"))


def _broken_under_load(case: Case, break_it: Callable[[], None]) -> None:
    customer = case.subscriber()
    with posting(case, customer) as load:
        time.sleep(LOAD_SECONDS)
        break_it()
        case.wait(lambda: _answers(case.house), "PostgreSQL to be back")
        case.over()
        back = time.monotonic()
        case.wait(lambda: load.good and load.good[-1] > back, "an event to be taken")
        time.sleep(LOAD_SECONDS)
    case.settle()
    missing = load.missing(case.house)
    case.expect(not missing, f"{missing} events were thanked for and are missing")
    case.notes.append(
        f"{len(load.thanked)} thanked, {missing} missing, {len(load.refused)} refused within {load.window():.1f} s"
    )
    subscribed_once(case, customer)


def _answers(house: House) -> bool:
    try:
        return house.count("SELECT 1") == 1
    except psycopg.OperationalError:
        return False


@dataclass(frozen=True)
class Look:
    """How a page was answered."""

    page: str
    status: int
    seconds: float
    hint: str | None


@row("F25", "PostgreSQL says nothing any more, then everything is as before", tracebacks=BROKEN)
def silent(case: Case) -> None:
    customer = case.subscriber()
    with _reading(case, customer) as calm:
        time.sleep(5)
    with _reading(case, customer) as looks:
        time.sleep(2)
        with case.failing("database", "blackhole"):
            time.sleep(SILENT_SECONDS)
    customer.patiently(customer.cancel)
    case.settle()
    usual, longest = (max(look.seconds for look in found) for found in (calm, looks))
    said = [look for look in looks if look.status == 503]
    case.notes.append(f"{len(said)} pages said so, the slowest after {longest:.1f} s (calm: {usual:.2f} s)")
    case.expect(said, "nobody noticed")
    case.expect(longest < LONGEST_WAIT_SECONDS + usual, f"a page took {longest:.1f} s")
    odd = [look for look in looks if look.status not in (200, 503) or (look.status == 503 and not look.hint)]
    case.expect(not odd, f"answers other than 503 with Retry-After: {odd[:3]}")
    scheduled = customer.audit("subscription.cancellation_scheduled")
    case.expect(scheduled == 1, f"the cancellation stands {scheduled} times in the audit")


@contextmanager
def _reading(case: Case, customer: Customer) -> Iterator[list[Look]]:
    """Several windows in which a page is opened again and again, for the block."""
    looks: list[Look] = []
    stop, cookies = threading.Event(), customer.cookies()

    def read(_reader: int) -> None:
        while not stop.is_set():
            looks.append(_look(case.house, "/invoices", cookies))

    with threads(read, READERS):
        try:
            yield looks
        finally:
            stop.set()


def _look(house: House, page: str, cookies: dict[str, str]) -> Look:
    began = time.monotonic()
    answer = requests.get(house.url + page, cookies=cookies, timeout=60)
    return Look(page, answer.status_code, time.monotonic() - began, answer.headers.get("Retry-After"))


@row("F26", f"{TEAMS * PRESSES} presses at once, crossed by transactions that take the same rows the other way round")
def crossed(case: Case) -> None:
    """Inviting again locks the organization, then the invitation; somebody does it the other way round, again and again."""
    customers = [case.customer() for _ in range(TEAMS)]
    forms = [_invited(customer) for customer in customers]
    stop, met, statuses = threading.Event(), list[bool](), list[int]()

    def press(number: int) -> None:
        address, fields, cookies = forms[number % TEAMS]
        headers = {"Origin": case.house.url}
        answer = requests.post(address, data=fields, cookies=cookies, headers=headers, timeout=120)
        statuses.append(answer.status_code)

    def cross(_one: int) -> None:
        while not stop.is_set():
            for customer in customers:
                met.append(_cross(case.house, customer.id))

    with threads(cross, 1):
        try:
            with threads(press, TEAMS * PRESSES):
                pass
        finally:
            stop.set()
    case.over()
    case.settle()
    case.notes.append(f"{sum(met)} of {len(met)} crossings met a page")
    case.expect(any(met), "no transaction crossed another")
    case.expect(set(statuses) == {200}, f"answers: {sorted(statuses)}")


def _invited(customer: Customer) -> tuple[str, dict[str, str], dict[str, str]]:
    """The customer has invited somebody: address, fields and cookies for doing it again."""
    customer.open("/settings/team")
    customer.press("Invite", email=f"friend-of-{customer.email}", role="billing")
    address, fields = _sending_again(customer)
    return customer.house.url + address, fields, customer.cookies()


def _sending_again(customer: Customer) -> tuple[str, dict[str, str]]:
    """Where the form of the invitation leads, and what it sends."""
    form = customer.page.select_one("form[action$='/delivery']")
    assert form is not None, "the invitation cannot be sent again"
    return str(form["action"]), {str(field["name"]): str(field["value"]) for field in form.select("input[name]")}


def _cross(house: House, organization: int) -> bool:
    """Lock the invitation, wait until a page wants it, lock the organization; whether a page came. It is the one ended."""
    with psycopg.connect(_address(house)) as other:
        other.execute("SET deadlock_timeout = '60s'")
        other.execute("SELECT 1 FROM invitations WHERE organization_id = %s FOR UPDATE", [organization])
        deadline = time.monotonic() + CROSSING_SECONDS
        while not (met := house.count(WAITING, other.info.backend_pid)) and time.monotonic() < deadline:
            time.sleep(0.02)
        other.execute("SELECT 1 FROM organizations WHERE id = %s FOR UPDATE", [organization])
    time.sleep(PAUSE_SECONDS)
    return bool(met)


def _address(house: House) -> str:
    return house.stack.postgres.url(DATABASE).replace("+psycopg", "")


@row("F29", "every connection PostgreSQL has is taken", tracebacks=BROKEN)
def exhausted(case: Case) -> None:
    customer = case.subscriber()
    cookies = customer.cookies()
    calm = max(_look(case.house, "/invoices", cookies).seconds for _ in range(4))
    with ExitStack() as held:
        _take_all(case.house, held)
        looks = [_look(case.house, "/invoices", cookies) for _ in range(10)]
    case.over()
    longest = max(look.seconds for look in looks)
    case.notes.append(f"longest answer {longest:.2f} s (calm: {calm:.2f} s)")
    case.expect({look.status for look in looks} == {503}, f"answers: {looks}")
    case.expect(all(look.hint for look in looks), "an answer without Retry-After")
    case.expect(longest < EXHAUSTED_SECONDS + calm, f"a page took {longest:.1f} s")
    customer.patiently(customer.cancel)
    case.settle()


def _take_all(house: House, held: ExitStack) -> None:
    """Take what is free, end the others' connections, and take those too, until nobody else has one."""
    first = held.enter_context(psycopg.connect(_address(house), autocommit=True))
    mine = [first.info.backend_pid]
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> ALL(%s)"
    for _ in range(100):
        with suppress(psycopg.OperationalError):
            while True:
                mine.append(held.enter_context(psycopg.connect(_address(house))).info.backend_pid)
        if not first.execute(others, [mine]).fetchall():
            return
    raise AssertionError("the portal always found another connection")
