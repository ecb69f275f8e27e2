"""What must hold after whatever happened. Each check is named by the invariants it is for; `Past` remembers what was."""

import json
from collections import Counter
from typing import Any

from sqlalchemy import func, select

from app.audit.models import Entry
from app.core.extensions import db
from app.core.leases import MAX_ATTEMPTS
from app.core.tasks import Task
from app.gateway.intents import StripeIntent
from app.invoices.models import FINAL, Invoice, InvoiceLine
from app.organizations.models import Organization
from app.payment_methods.models import PaymentMethod
from app.payments.models import GONE, Attempt, Payment, Refund
from app.subscriptions.models import Subscription
from app.subscriptions.states import LIVE, NOT_BEGUN, Status
from app.webhooks.models import EventState, InboxEvent
from portal.services import messages
from tests.cast import Browser
from tests.property.world import World

CARD_FORM = ("/v1/payment_methods", "/confirm")
"""What the browser of a customer posts to Stripe by itself, with neither key nor label."""


class Past:
    """What was seen before, to tell what must never change again."""

    def __init__(self) -> None:
        self.statuses: dict[str, str] = {}
        self.lines: dict[str, Any] = {}
        self.events: dict[str, tuple[str, Any]] = {}
        self.sent: dict[str, str] = {}
        self.done: dict[str, str] = {}


def holds(world: World, past: Past) -> None:
    db.session.expire_all()
    subscriptions_are_one_and_go_forward(world, past)
    invoices_add_up_and_stay(past)
    refunds_fit_their_payments(world)
    events_go_forward(past)
    calls_are_known(world, past)
    nothing_is_done_twice(world)
    money_and_plans_are_audited()
    db.session.rollback()


def subscriptions_are_one_and_go_forward(world: World, past: Past) -> None:
    """I4 and I7: what has ended stays so, what has begun is not unbegun, and nobody has two."""
    running = Counter[int]()
    for mine in db.session.scalars(select(Subscription)):
        running[mine.organization_id] += mine.status in LIVE
        was = past.statuses.get(mine.stripe_id)
        over = was in {Status.CANCELED, Status.INCOMPLETE_EXPIRED}
        assert not over or mine.status == was, (was, mine.status)
        assert was in {None, Status.INCOMPLETE} or mine.status not in NOT_BEGUN, (was, mine.status)
        past.statuses[mine.stripe_id] = mine.status
    assert all(count <= 1 for count in running.values()), running
    theirs = Counter(one["customer"] for one in world.sandbox.objects("subscriptions", status="all") if _is_live(one))
    assert all(count <= 1 for count in theirs.values()), theirs


def _is_live(subscription: dict[str, Any]) -> bool:
    return subscription["status"] in LIVE


def invoices_add_up_and_stay(past: Past) -> None:
    """I5, I6, I7: lines, discounts and taxes make the total; what was issued is never written anew, what is final stays."""
    rows = select(InvoiceLine).order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    lines: dict[int, list[InvoiceLine]] = {}
    for line in db.session.scalars(rows):
        lines.setdefault(line.invoice_id, []).append(line)
    for invoice in db.session.scalars(select(Invoice)):
        mine = lines.get(invoice.id, [])
        assert invoice.subtotal_amount == sum(line.subtotal_amount for line in mine), invoice.number
        added = sum(tax["amount"] for tax in invoice.taxes if not tax["is_inclusive"])
        assert invoice.total_amount == invoice.subtotal_amount - invoice.discount_amount + added, invoice.number
        assert {line.currency for line in mine} <= {invoice.currency}, invoice.number
        assert invoice.remaining_amount >= 0, invoice.number
        assert invoice.paid_amount + invoice.remaining_amount == invoice.due_amount, invoice.number
        assert invoice.status != "paid" or invoice.remaining_amount == 0, invoice.number
        issued = (invoice.number, invoice.total_amount, [(line.stripe_id, line.amount) for line in mine])
        assert past.lines.setdefault(invoice.stripe_id, issued) == issued
        was = past.statuses.get(invoice.stripe_id)
        assert was not in FINAL or invoice.status == was, (invoice.number, was, invoice.status)
        past.statuses[invoice.stripe_id] = invoice.status


def refunds_fit_their_payments(world: World) -> None:
    """I14, at Stripe and here; and what was paid here was paid there."""
    for charge in world.sandbox.objects("charges"):
        assert 0 <= charge["amount_refunded"] <= charge["amount"], charge["id"]
    given = select(Refund.payment_id, func.sum(Refund.amount)).where(Refund.status.not_in(GONE))
    paid = select(Attempt.payment_id, func.sum(Attempt.amount)).where(Attempt.status == "succeeded")
    came = {row[0]: row[1] for row in db.session.execute(paid.group_by(Attempt.payment_id))}
    for payment, amount in db.session.execute(given.group_by(Refund.payment_id)):
        assert amount <= came.get(payment, 0), payment


def events_go_forward(past: Past) -> None:
    """I10: processed once and for good, and never given up without a word."""
    for event in db.session.scalars(select(InboxEvent)):
        was, processed_at = past.events.get(event.event_id, (None, None))
        assert (event.state == EventState.PROCESSED) == (event.processed_at is not None), event.event_id
        assert was != EventState.PROCESSED or event.state == was, (event.type, event.state)
        assert processed_at in {None, event.processed_at}, event.event_id
        assert 0 <= event.attempts <= MAX_ATTEMPTS, event.event_id
        assert event.state != EventState.PARKED or event.last_error, event.event_id
        past.events[event.event_id] = (event.state, event.processed_at)


def calls_are_known(world: World, past: Past) -> None:
    """I11: whatever changed something at Stripe carried the key of a stored intent, always with the same parameters."""
    known = set(db.session.scalars(select(StripeIntent.key)))
    for visit in world.visits():
        key = visit["idempotency_key"]
        if not changes_something(visit) or (key is None and visit["path"].endswith(CARD_FORM)):
            continue
        if key is None:
            assert visit["path"] in {"/v1/coupons", "/v1/promotion_codes"}, visit["path"]  # the seller's Dashboard
            continue
        assert key in known, (visit["path"], key)
        sent = json.dumps([visit["path"], visit["params"]], sort_keys=True)
        assert past.sent.setdefault(key, sent) == sent, key
        if visit["status"] == 200 and visit["original"] is None:
            assert past.done.setdefault(key, visit["request_id"]) == visit["request_id"], (key, "done twice")


def changes_something(visit: dict[str, Any]) -> bool:
    """Whether a request to Stripe is more than a question."""
    return visit["method"] != "GET" and not visit["path"].endswith("/create_preview")


def nothing_is_done_twice(world: World) -> None:
    """I3: one key of a task is one task, one payment is taken once, and one mail goes out once.

    Who dies between the mail server's yes and the commit sends it once more, under the same Message-ID, never twice more.
    """
    doubles = select(Task.kind, Task.key).group_by(Task.kind, Task.key).having(func.count() > 1)
    assert list(db.session.execute(doubles)) == []
    paid = Counter(one["payment_intent"] for one in world.sandbox.objects("charges") if one["status"] == "succeeded")
    assert all(count == 1 for count in paid.values()), paid
    mails = Counter(mail.headers["Message-ID"] for mail in messages.newest_first(world.mailbox.directory))
    assert all(count <= 1 + (world.mails_doubted > 0) for count in mails.values()), mails


BEGUN, ENDED = ("started", "trial_started"), ("ended", "trial_ended")
ONCE = {f"subscription.{step}" for step in BEGUN + ENDED} | {"refund.made", "payment_method.added", "invoice.paid"}


def money_and_plans_are_audited() -> None:
    """I13: what happened is in the audit, once, as soon as it is in the tables."""
    found = db.session.execute(select(Entry.action, Entry.subject, func.count()).group_by(Entry.action, Entry.subject))
    told = {(action, subject): count for action, subject, count in found}
    assert all(count == 1 for (action, _), count in told.items() if action in ONCE), told
    begun = select(Subscription.public_id, Subscription.ended_at).where(Subscription.began_at.is_not(None))
    for public_id, ended_at in db.session.execute(begun):
        # One that we first hear of when it is over has only ended.
        assert any((f"subscription.{step}", public_id) in told for step in (*BEGUN, *ENDED)), public_id
        assert ended_at is None or any((f"subscription.{step}", public_id) in told for step in ENDED), public_id
    for action, subject in (
        ("refund.made", select(Refund.public_id).where(Refund.status.not_in(GONE))),
        ("payment_method.added", select(PaymentMethod.public_id)),
        ("organization.created", select(Organization.public_id).where(Organization.name.startswith("Signed up"))),
    ):
        for public_id in db.session.scalars(subject):
            assert (action, public_id) in told, (action, public_id)


STRANGERS_DOORS = {
    "/invoices/{}": (Invoice, Invoice.number),
    "/invoices/{}/payment": (Invoice, Invoice.number),
    "/invoices/{}/pdf": (Invoice, Invoice.number),
    "/invoices/pay/{}": (Invoice, Invoice.stripe_id),
    "/payment-methods/{}/removal": (PaymentMethod, PaymentMethod.public_id),
    "/checkout/return/{}": (Payment, Payment.stripe_id),
}


def nobody_sees_anothers(stranger: Browser) -> None:
    """I9: what is not theirs is not there, at every door that names a thing."""
    mine = stranger.organization.id
    for address, (model, name) in STRANGERS_DOORS.items():
        newest = select(name).where(model.organization_id != mine).order_by(model.id.desc()).limit(1)
        for found in db.session.scalars(newest).all():
            answer = stranger.get(address.format(found))
            # A card that is not theirs, or gone by now, leads back to the list of their own. Who dies shows nothing.
            assert (answer.status_code, answer.location) in {(404, None), (303, "/payment-methods"), (500, None)}, (
                address
            )
