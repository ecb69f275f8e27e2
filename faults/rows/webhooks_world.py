"""F51–F54: the other mode, another account, a new secret, a long absence, another version."""

from typing import Any

from faults import events, logs
from faults.case import Case, row
from faults.customers import CARD, Customer
from faults.house import WEBS
from faults.rows.processes import bought_but_not_told, subscribed_once, told
from faults.rows.webhooks import change, one_of, renamed

GAP = "80 hours"
FATE = "SELECT state FROM inbox_events WHERE event_id = %s"
SHOWN = "SELECT status, cancel_at, quantity FROM subscriptions WHERE organization_id = %s"
FORGET = "DELETE FROM inbox_events WHERE event_id = ANY(%s) RETURNING id"


@row("F51", "an event of live mode, and one of another account")
def not_ours(case: Case) -> None:
    """Both say that a subscription of ours has ended."""
    customer, since = case.subscriber(), logs.mark(case.house)
    ended = events.copy(case.house, "customer.subscription.updated", customer.stripe_customer(), "evt_")
    ended = ended | {"type": "customer.subscription.deleted"}
    live = renamed(ended, case, "live") | {"livemode": True}
    strange = renamed(_of_somebody(ended), case, "strange") | {"account": "acct_somebody"}
    before = (case.house.rows(SHOWN, customer.id), len(case.house.stripe("customers")))
    answers = [events.post(case.house, event) for event in (live, strange)]
    case.wait(
        lambda: not case.house.count(FATE.replace("state", "count(*)", 1) + " AND state = 'received'", strange["id"]),
        "its fate",
    )
    fates = [case.house.rows(FATE, event["id"]) for event in (live, strange)]
    case.expect(answers == [200, 200], f"the answers were {answers}")
    case.expect(fates[0] == [("ignored",)], f"the event of live mode is {fates[0]}")
    case.expect(fates[1] in ([("ignored",)], [("unmatched",)]), f"the event of another account is {fates[1]}")
    case.expect(logs.entries(since, "event of the other mode"), "the log does not say so")
    after = (case.house.rows(SHOWN, customer.id), len(case.house.stripe("customers")))
    case.expect(before == after, f"{before} became {after}")
    case.notes.append(f"the other account's is {fates[1][0][0]}")
    case.house.rows(FORGET, [strange["id"]])


def _of_somebody(event: dict[str, Any]) -> dict[str, Any]:
    data = event["data"]["object"] | {"id": "sub_somebody", "customer": "cus_somebody"}
    return event | {"data": {"object": data}}


@row("F52", "the signing secret changes, in three phases")
def rotation(case: Case) -> None:
    """Stripe signs with both for an hour; the portal learns the new one, and then forgets the old."""
    stack, since = case.house.stack, logs.mark(case.house)
    old = stack.webhook_secret
    (endpoint,) = case.house.stripe("webhook_endpoints")
    new = case.house.sandbox("POST", f"endpoints/{endpoint['id']}/roll", expires_in=3600)["secret"]
    customers = [case.subscriber()]
    _restart_with(case, f"{old},{new}")
    customers.append(case.subscriber())
    case.house.turn_clock("2 hours")
    customers.append(case.subscriber())
    _restart_with(case, new)
    customers.append(case.subscriber())
    case.over()
    case.settle()
    refused = logs.entries(since, "webhook refused")
    case.expect(not refused, f"{len(refused)} events were refused meanwhile")
    event = events.copy(case.house, "invoice.paid", customers[0].stripe_customer(), "evt_")
    answers = [events.post(case.house, renamed(event, case, word), secret=key) for word, key in _words(old, new)]
    case.expect(answers == [400, 200], f"signed with the old secret, then the new one: {answers}")
    for customer in customers:
        subscribed_once(case, customer)
    sandbox = next(child for child in stack.services() if child.name == "sandbox")
    case.house.end("sandbox")
    case.house.start(sandbox)  # should it die later, it comes back with this secret
    case.settle()


def _words(old: str, new: str) -> list[tuple[str, str]]:
    return [("old", old), ("new", new)]


def _restart_with(case: Case, secrets: str) -> None:
    """One web server after the other gets new settings."""
    case.house.stack.webhook_secret = secrets
    for name in WEBS:
        case.house.end(name)
        case.house.start(case.house.stack.web(name))


@row("F53", "no web server for 80 h, until Stripe has given up")
def long_absence(case: Case) -> None:
    """A card is confirmed and a subscription is canceled meanwhile. `portal reconcile` asks what was said."""
    subscriber, buyer = case.subscriber(), case.customer()
    buyer.look_at()
    answer = buyer.send("Pay", name=buyer.organization, country="GB").json()
    case.quiet()
    case.house.sandbox("POST", "deliveries", retries="sandbox")
    children = [case.house.end(name) for name in WEBS]
    buyer.confirm(answer, CARD)
    (subscription,) = case.house.stripe("subscriptions", customer=subscriber.stripe_customer())
    change(case, f"subscriptions/{subscription['id']}", cancel_at_period_end="true")
    case.house.turn_clock(GAP)
    case.house.start(*children)
    case.over()
    case.house.command("reconcile", "--since", "81h")
    case.settle()
    missed = [
        one_of(events.about(case.house, buyer.stripe_customer()), "invoice.paid"),
        one_of(events.about(case.house, subscriber.stripe_customer()), "customer.subscription.updated"),
    ]
    fates = [case.house.rows(FATE, event["id"]) for event in missed]
    case.expect(fates == [[("processed",)], [("processed",)]], f"the events of the gap are {fates}")
    subscribed_once(case, buyer)
    case.expect(subscriber.audit("subscription.started") == 1, "an older subscription began again")


@row("F54", "events in the shape of an older version, and of a version that does not exist yet")
def other_versions(case: Case) -> None:
    older: dict[str, object] = {"webhook": "shape", "api_version": "2025-02-24.acacia", "count": None}
    with case.planned(older):
        customer = _told_all(case)
    newer = _told_all(case, api_version="2031-01-01.unheard", object="event")
    case.over()
    case.settle()
    seen = {version for (version,) in case.house.rows("SELECT DISTINCT api_version FROM inbox_events")}
    case.expect({"2025-02-24.acacia", "2031-01-01.unheard"} <= seen, f"the inbox knows of {sorted(map(str, seen))}")
    for one in (customer, newer):
        subscribed_once(case, one)


def _told_all(case: Case, **changed: str) -> Customer:
    """Somebody who closes the tab after paying, with events as they come, or changed so."""
    customer = case.customer()
    customer.stays = False
    bought_but_not_told(case, customer)
    for event in events.about(case.house, customer.stripe_customer()) if changed else ():
        status = events.post(case.house, event | changed)
        case.expect(status == 200, f"{event['type']} was answered with {status}")
    told(case)
    case.wait(lambda: customer.status() == "active", "the subscription")
    return customer
