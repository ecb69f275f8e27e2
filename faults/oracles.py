"""What must hold after every row. Each oracle answers a list of sentences of what is wrong.

O1 everything thanked for is handled · O2 nobody is charged twice · O3 every mail went out once · O4 the mirror shows what is
at Stripe (faults/mirror.py) · O6 one live subscription per organization · O7 the reconciler finds nothing · O8 logs
(faults/logs.py) · O9 nothing is left over (faults/quiet.py) · O10 ready again. O5 needs a ledger, which the portal does not have.
"""

import hashlib
from collections import Counter
from collections.abc import Callable

from faults import logs, mirror, quiet
from faults.case import Case
from faults.house import House
from portal.services import messages
from portal.services.child import ServiceError

EVENTS = 20_000
LIVE = frozenset({"active", "trialing", "past_due", "unpaid", "paused"})
FATES = "SELECT event_id, state FROM inbox_events"
SENT = "SELECT key FROM tasks WHERE kind = 'send_mail' AND state = 'done' AND NOT payload ? 'dropped'"
PARKED = "SELECT kind || ':' || id, last_error FROM tasks WHERE state = 'parked'"


def thanked_is_handled(case: Case) -> list[str]:
    """O1: every event answered with 2xx stands in the inbox, handled; only those the row names may be parked."""
    fates = dict(case.house.rows(FATES))
    events = case.house.sandbox("GET", f"events?limit={EVENTS}")["data"]
    thanked = {event["id"] for event in events if any(one["status"] == "delivered" for one in event["deliveries"])}
    lost = [f"{event} was thanked for and is nowhere" for event in sorted(thanked - set(fates))]
    stuck = [
        f"{event} is {state}"
        for event, state in fates.items()
        if state not in ("processed", "ignored") and event not in case.parked
    ]
    return (
        lost + stuck + [f"{task} is parked: {why}" for task, why in case.house.rows(PARKED) if task not in case.parked]
    )


def charged_once(case: Case) -> list[str]:
    """O2: at most one succeeded charge per payment, one payment per invoice, and one customer per organization."""
    charges = [charge for charge in case.house.stripe("charges") if charge["status"] == "succeeded"]
    payments = case.house.stripe("invoice_payments", status="paid")
    owners = [customer["metadata"].get("organization") for customer in case.house.stripe("customers")]
    twice = {
        "charged twice": Counter(charge["payment_intent"] for charge in charges),
        "paid twice": Counter(payment["invoice"] for payment in payments),
        "has two customers at Stripe": Counter(filter(None, owners)),
    }
    return [f"{subject} {how}" for how, found in twice.items() for subject, n in found.items() if n > 1]


def mailed_once(case: Case) -> list[str]:
    """O3: what was sent has arrived, once."""
    host = case.house.host.split(":")[0]
    names = {
        f"<{hashlib.sha256(f'send_mail:{key}'.encode()).hexdigest()[:32]}@{host}>": key
        for (key,) in case.house.rows(SENT)
    }
    mails = messages.newest_first(case.house.stack.mail.directory)
    arrived = Counter(mail.headers["Message-ID"] for mail in mails)
    missing = [f"mail {key} was sent and never arrived" for name, key in names.items() if name not in arrived]
    extra = Counter({name: number - 1 for name, number in arrived.items()}) - case.house.excused
    if 0 < extra.total() <= case.row.duplicates:
        case.notes.append(f"{extra.total()} duplicate mail")
        case.house.excused += extra
        return missing
    return missing + [f"mail {names.get(name, name)} came {arrived[name]} times" for name in extra]


def one_live_subscription(case: Case) -> list[str]:
    """O6, at Stripe; in the portal an index says so."""
    live = [one["customer"] for one in case.house.stripe("subscriptions", status="all") if one["status"] in LIVE]
    return [f"{customer} has {number} live subscriptions" for customer, number in Counter(live).items() if number > 1]


def reconciled(case: Case) -> list[str]:
    """O7: comparing with Stripe leaves nothing for a person, and a second time finds nothing at all."""
    try:
        said = [case.house.command("reconcile") for _turn in range(2)]
    except ServiceError as error:
        return [str(error)]
    return [] if ", 0 different." in said[1] else [f"the second comparison said: {said[1].strip()}"]


def nothing_left(case: Case) -> list[str]:
    """O9, after the wait of the runner: a glimpse is enough."""
    return quiet.settle(case.house, 2.0, ready=False)


ORACLES: dict[str, Callable[[Case], list[str]]] = {
    "O1": thanked_is_handled,
    "O2": charged_once,
    "O3": mailed_once,
    "O4": lambda case: mirror.differences(case.house),
    "O6": one_live_subscription,
    "O7": reconciled,
    "O9": nothing_left,
    "O10": lambda case: quiet.unready(case.house) if case.row.ready else [],
}


def ask_all(case: Case, since: logs.Marks) -> list[str]:
    """Every oracle's sentences, with its number."""
    found = [f"{number}: {sentence}" for number, oracle in ORACLES.items() for sentence in oracle(case)]
    unspeakable = [*secrets(case.house), *(word for one in case.customers for word in (one.email, one.name))]
    return found + [f"O8: {sentence}" for sentence in logs.complaints(since, case.row.tracebacks, unspeakable)]


def secrets(house: House) -> list[str]:
    """What no log may say."""
    stack = house.stack
    addresses = (stack.postgres.url(""), stack.redis.url)
    passwords = [address.split("@")[0].rsplit(":", 1)[1] for address in addresses]
    return [stack.secret_key, stack.webhook_secret, stack.stripe_secret_key, *passwords]
