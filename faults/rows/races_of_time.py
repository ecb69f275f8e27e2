"""F59–F61: against the clock, against an admin, and after the customer is gone at Stripe."""

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from faults import events
from faults.case import Case, row
from faults.customers import Customer
from faults.rows.processes import FAILED
from faults.rows.races import dearer
from faults.rows.webhooks import mails_to, renamed

FAILS_LATER = "4000000000000341"
ENDS_AT = """
    SELECT extract(epoch FROM current_period_end)::bigint FROM subscriptions WHERE organization_id = %s
    ORDER BY id DESC LIMIT 1"""
STANDS = "SELECT status, cancel_at IS NOT NULL FROM subscriptions WHERE organization_id = %s ORDER BY id DESC LIMIT 1"
ACTING_SECONDS, DAY = 3.0, 86_400


@row("F59", "cancel against the renewal, upgrade against the dunning", tracebacks=FAILED)
def against_the_clock(case: Case) -> None:
    _cancel_at_the_end(case, case.subscriber())
    _upgrade_while_failing(case, case.subscriber())


def _cancel_at_the_end(case: Case, customer: Customer) -> None:
    """The period ends while the button is pressed: it is the last one, or another one begins and is the last one."""
    _almost_over(case, customer, 90)
    customer.open("/subscription/cancel")
    customer.press("Continue", feedback="unused")
    answer = _pressed_while_the_clock_turns(case, customer, "Cancel at period end", "10 minutes")
    case.house.turn_clock("2 hours")
    case.over()
    case.settle()
    status, canceling = case.house.rows(STANDS, customer.id)[0]
    paid = customer.audit("invoice.paid")
    legal = {("canceled", 1), ("active", 2)} if answer.status_code == 200 else {("active", 2)}
    case.expect((status, paid) in legal, f"answered {answer.status_code}, it is {status} after {paid} payments")
    case.expect(
        status == "canceled" or canceling or answer.status_code != 200, "the cancellation was confirmed and is gone"
    )
    case.notes.append(f"cancel: answered {answer.status_code}, {status} after {paid} payments")


def _upgrade_while_failing(case: Case, customer: Customer) -> None:
    """The card on file fails from now on. The sheet is sent while the renewal is tried, and fails, and is tried again."""
    customer.add_card(FAILS_LATER)
    case.settle()
    _almost_over(case, customer, DAY)
    customer.open(f"/subscription/change/{dearer(case, customer)}")
    answer = _pressed_while_the_clock_turns(case, customer, "Pay", "5 days")
    case.over()
    case.settle()
    invoices = case.house.stripe("invoices", customer=customer.stripe_customer())
    changes = [one["status"] for one in invoices if one["billing_reason"] == "subscription_update"]
    case.expect(len(changes) <= 1, f"the upgrade was invoiced {len(changes)} times")
    case.expect(customer.status() == "past_due", f"after a retry it is {customer.status()}")
    case.notes.append(f"upgrade: answered {answer.status_code}, invoiced {len(changes)} times")


def _almost_over(case: Case, customer: Customer, seconds: int) -> None:
    """So long before the period ends."""
    case.house.turn_clock(str(case.house.count(ENDS_AT, customer.id) - case.house.business_now() - seconds))
    case.settle()


def _pressed_while_the_clock_turns(case: Case, customer: Customer, button: str, by: str) -> requests.Response:
    """Which of the two is first is left to chance."""
    ahead = case.chance.uniform(-0.5, 0.3)

    def press() -> requests.Response:
        time.sleep(max(0.0, ahead))
        return customer.send(button)

    with ThreadPoolExecutor(1) as people:
        pressed = people.submit(press)
        time.sleep(max(0.0, -ahead))
        case.house.turn_clock(by)
        return pressed.result()


@row("F60", "a member acts in the second in which they are removed")
def removed(case: Case) -> None:
    """They save the billing details again and again; what they begin after the admin's answer does nothing.

    A page that was begun before may still end: who asked was a member then.
    """
    admin = case.subscriber()
    member = _invited(case, admin)
    member.open("/settings/billing")
    admin.open("/settings/team")
    address = admin.page.find("a", href=re.compile("/removal$"))
    assert address is not None, "there is nobody to remove"
    admin.open(str(address["href"]))
    until = time.monotonic() + ACTING_SECONDS
    with ThreadPoolExecutor(1) as people:
        acting = people.submit(_acting, member, until)
        ended = _removing(case, admin)
        acted = acting.result()
    late = [status for began, status in acted if began > ended and status in (200, 303)]
    case.over()
    case.settle()
    done = [status for _, status in acted if status == 303]
    case.notes.append(f"{len(done)} of {len(acted)} did something")
    case.expect(done, "the member could never do anything")
    case.expect(len(acted) > len(done), "the member could do everything")
    case.expect(not late, f"{len(late)} did something after the removal")


def _invited(case: Case, admin: Customer) -> Customer:
    member = Customer(case.house, case.chance)
    case.customers.append(member)
    admin.open("/settings/team")
    admin.press("Invite", email=member.email, role="billing")
    case.wait(lambda: mails_to(case, member), "the invitation")
    found = re.search(r"http\S+/invitations/\S+", mails_to(case, member)[0].text or "")
    assert found is not None, "the invitation has no link"
    member.open(found[0])
    member.press("Create account", name=member.name, password="paper-and-ink-for-all")
    return member


def _acting(member: Customer, until: float) -> list[tuple[float, int]]:
    """When each began, and the status of the first answer: 303 when it was done."""
    acted: list[tuple[float, int]] = []
    form, data = member.form("Save")
    while time.monotonic() < until:
        began = time.monotonic()
        changed = data | {"purchase_order": f"PO {len(acted)}", "token": secrets.token_urlsafe(16)}
        answer = member.post_plainly(str(form["action"]), changed)
        acted.append((began, answer.status_code))
    return acted


def _removing(case: Case, admin: Customer) -> float:
    time.sleep(case.chance.uniform(0.5, 1.5))
    admin.press("Remove")
    return time.monotonic()


@row("F61", "the customer is deleted at Stripe, and their events still arrive", tracebacks=FAILED)
def deleted_there(case: Case) -> None:
    customer = case.subscriber()
    gone, said = customer.stripe_customer(), events.about(case.house, customer.stripe_customer())
    stack = case.house.stack
    auth = (stack.stripe_secret_key, "")
    requests.delete(f"{stack.sandbox_url}/v1/customers/{gone}", auth=auth, timeout=60).raise_for_status()
    late = [renamed(event, case, "late") for event in said]
    case.chance.shuffle(late)
    answers, _ = events.post_all(case.house, late)
    case.over()
    case.settle()
    case.expect(set(answers) == {200}, f"the answers were {sorted(set(answers))}")
    case.expect(customer.status() == "canceled", f"the subscription is {customer.status()}")
    known = "SELECT count(*) FROM organizations WHERE stripe_customer_id = %s"
    case.expect(case.house.count(known, gone) <= 1, "the organization came twice")
    customer.open("/")
    case.expect("Active" not in customer.text(), "the overview says that it is active")
