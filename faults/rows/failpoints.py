"""E4: whichever process is killed wherever, the end is that of a run nobody disturbed."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from faults.case import Case, row
from faults.customers import Customer
from portal.services import messages

SUBSCRIBING = (
    "before_stripe",
    "after_stripe_before_commit",
    "before_response",
    "after_commit_before_bell",
    "event_claimed",
    "task_before_commit",
    "after_mail_before_commit",
)
"""A customer for each; the web servers pass by the first three, the workers by the others."""
RENEWING = ("event_before_commit", "handler_mid", "task_claimed", "before_mail", "document_before_rename")
"""All at once: everybody renews when the clock turns."""
PATIENCE_SECONDS = 180.0  # one customer may be hit twice, and is kept waiting by a lease each time
CANCELING = ("before_stripe", "after_stripe_before_commit", "before_response")

FACTS = {
    "audit": "SELECT action FROM audit_entries WHERE organization_id = %s",
    "subscriptions": """
        SELECT s.status, p.lookup_key, s.quantity, s.cancel_at = s.current_period_end FROM subscriptions s
        JOIN prices p ON p.id = s.price_id WHERE organization_id = %s AND s.status NOT LIKE 'incomplete%%'""",
    "invoices": """
        SELECT status, billing_reason, total_amount, paid_amount, remaining_amount, pdf_state
        FROM invoices WHERE organization_id = %s""",
    "payments": "SELECT purpose, status, amount FROM payments WHERE organization_id = %s",
    "attempts": "SELECT status, amount, refunded_amount FROM payment_attempts WHERE organization_id = %s",
    "cards": "SELECT brand, last4, is_default FROM payment_methods WHERE organization_id = %s",
}

VARIES = r"[A-Z0-9]{8}-\d{4}|\d+ \w+ \d{4}, [\d:]+"  # in subjects: the number of an invoice, a day and an hour

State = dict[str, Counter[Any]]


@row("E4", "a process is killed at every failpoint of a customer's first month", duplicates=2)
def killed_everywhere(case: Case) -> None:
    """Two mails may come twice: `task_before_commit` and `after_mail_before_commit` are both after the mail server's yes."""
    undisturbed = _undisturbed(case)
    disturbed = [case.customer() for _ in SUBSCRIBING]
    _each(case, disturbed, SUBSCRIBING, _subscribe)
    for point in RENEWING:
        case.house.arm(point)
    _renew(case)
    for point in RENEWING:
        case.struck(point)
    case.over()
    case.settle()
    _each(case, disturbed[: len(CANCELING)], CANCELING, Customer.cancel)
    for customer in disturbed[len(CANCELING) :]:
        customer.cancel()
    case.settle()
    for customer in disturbed:
        _compare(case, state(customer), undisturbed)
    case.notes.append(f"{len(SUBSCRIBING) + len(RENEWING) + len(CANCELING)} kills")


def _each(case: Case, customers: Sequence[Customer], points: Sequence[str], act: Callable[[Customer], None]) -> None:
    """One after the other acts, and a process is killed at one point after the other; who is hit tries again meanwhile."""
    with ThreadPoolExecutor(len(customers)) as pool:
        trying = []
        for customer, point in zip(customers, points, strict=True):
            case.house.arm(point)
            trying.append(pool.submit(customer.patiently, partial(act, customer), PATIENCE_SECONDS))
            case.struck(point)
        case.over()
        for one in trying:
            one.result()
    case.settle()


def _subscribe(customer: Customer) -> None:
    if customer.status() != "active":
        customer.subscribe()


def _undisturbed(case: Case) -> State:
    customer = case.subscriber()
    _renew(case)
    case.quiet()
    customer.cancel()
    case.quiet()
    return state(customer)


def _renew(case: Case) -> None:
    """A month passes, and the hour in which Stripe lets an invoice be changed."""
    case.house.turn_clock("1 month")
    case.house.turn_clock("2 hours")


def state(customer: Customer) -> State:
    """All that is known of a customer, but for ids and instants; of mails with one Message-ID one."""
    house, mine = customer.house, customer.id
    found = {name: Counter(house.rows(sql, mine)) for name, sql in FACTS.items()}
    mails = messages.newest_first(house.stack.mail.directory, to=customer.email)
    subjects = {mail.headers["Message-ID"]: mail.subject for mail in mails}
    return found | {"mails": Counter(re.sub(VARIES, "…", one) for one in subjects.values())}


def _compare(case: Case, found: State, undisturbed: State) -> None:
    for name, expected in undisturbed.items():
        more, less = found[name] - expected, expected - found[name]
        case.expect(not more, f"{name} has {dict(more)} that an undisturbed run has not")
        case.expect(not less, f"{name} lacks {dict(less)} of an undisturbed run")
