"""How a schedule runs: it starts, goes from phase to phase, and leaves its subscription.

Assumptions: what cannot start when its time comes is canceled; a new subscription is active at once and its first invoice
a draft for an hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.invoices import discounts, invoices
from sandbox.billing.schedules import phase_changes, schedule_outcomes
from sandbox.billing.schedules.phases import Phase
from sandbox.billing.subscriptions import subscriptions
from sandbox.errors import ApiError
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def current(schedule: Record) -> Phase | None:
    """The running phase."""
    start = (schedule["current_phase"] or {}).get("start_date")
    return next((phase for phase in schedule["phases"] if phase["start_date"] == start), None)


def start_in_time(box: Sandbox, schedule: Record) -> None:
    """The first phase begins; where a request would be refused, the schedule is canceled instead."""
    mark = box.store.savepoint()
    try:
        start(box, schedule)
    except ApiError:
        box.store.rollback_to(mark)
        schedule_outcomes.end(box, schedule, "canceled", "canceled", canceled_at=box.clock.now())


def advance(box: Sandbox, schedule: Record) -> None:
    """The running phase is over: go to the next one, or leave the subscription to itself."""
    over = schedule["current_phase"]["end_date"]
    phase = next((one for one in schedule["phases"] if one["start_date"] == over), None)
    if phase is None:
        schedule_outcomes.end(box, schedule, "completed", "completed", leaves=True, completed_at=box.clock.now())
        return
    with box.events.updating(schedule):
        box.store.update(schedule, current_phase=span(phase))
    subscription = box.store.need("subscription", schedule["subscription"])
    phase_changes.enter(box, schedule, subscription, phase, phase["proration_behavior"])


def is_last(schedule: Record) -> bool:
    """Whether the running phase is the last one."""
    return bool(schedule["current_phase"]["end_date"] == schedule["phases"][-1]["end_date"])


def catch_up(box: Sandbox, subscription: Record) -> None:
    """Do what is due of a subscription's schedule, whatever else happens at this instant."""
    while schedule := schedule_outcomes.of(box, subscription):
        ends_it = is_last(schedule) and schedule["end_behavior"] == "cancel"
        if ends_it or schedule["current_phase"]["end_date"] > box.clock.now():
            return
        advance(box, schedule)


def begin(box: Sandbox, schedule: Record) -> Record:
    """Store the subscription of the first phase; no invoice, no event."""
    phase = schedule["phases"][0]
    subscription = subscriptions.prepare(box, phase_changes.as_params(box, schedule, phase))
    for added in phase["add_invoice_items"]:
        phase_changes.add_invoice_item(box, subscription, phase, added)
    return subscription


def start(box: Sandbox, schedule: Record) -> None:
    """The first phase begins."""
    subscription = begin(box, schedule)
    invoice = subscriptions.first_invoice(box, subscription)
    status = "trialing" if subscription["trial_end"] else "active"
    box.store.update(subscription, status=status, schedule=schedule["id"])
    with box.events.updating(schedule):
        box.store.update(schedule, status="active", subscription=subscription["id"])
        box.store.update(schedule, current_phase=span(schedule["phases"][0]))
    box.events.record("customer.subscription.created", subscription)
    phase_changes.set_end(box, schedule, subscription)
    if invoice:
        invoices.announce(box, invoice)
        box.store.update(invoice, automatically_finalizes_at=box.clock.now() + invoices.DRAFT_FOR)
        discounts.use_up(box, subscription, invoice)


def span(phase: Phase) -> dict[str, int]:
    """A phase as ``current_phase``."""
    return {name: phase[name] for name in ("start_date", "end_date")}
