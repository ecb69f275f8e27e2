"""Entering a phase: what the subscription becomes, through the same code as an update of it.

Where a phase begins as a billing period ends, the new prices are put in before the period is renewed: the renewal bills
them, and nothing is prorated. Anywhere else it is a change like any other, with the phase's ``proration_behavior``.
Assumptions: a phase's coupon that the subscription has already goes on; what can no longer be applied when its phase begins (a used up
coupon, an archived price in the middle of a period) is left out; an invoice of a phase is a draft for an hour.
Simplification: an end that a schedule sets in the middle of a billed period credits nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.billing.invoices import discounts, invoice_items, invoices
from sandbox.billing.schedules import phase_items
from sandbox.billing.schedules.phases import Phase
from sandbox.billing.subscriptions import change_plan, changes, endings, items
from sandbox.crud import merged
from sandbox.errors import ApiError
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

T = TypeVar("T")

PLAIN = ("collection_method", "default_payment_method", "description", "automatic_tax")


def enter(
    box: Sandbox, schedule: Record, subscription: Record, phase: Phase, behavior: str, before: Phase | None = None
) -> None:
    """Let the subscription be as a phase says, from now on; ``before`` is what the phase said until now, if it runs."""
    with box.events.updating(subscription):
        change, wish = plan(box, schedule, subscription, phase, behavior)
        if change:
            changes.apply(box, subscription, change)
        _put_item_discounts(box, subscription, phase)
        for added in phase["add_invoice_items"]:
            if before is None or added not in before["add_invoice_items"]:
                add_invoice_item(box, subscription, phase, added)
        invoice = changes.bill(box, subscription, change) if change and changes.bills_now(change, wish) else None
    if invoice:
        invoices.announce(box, invoice)
        box.store.update(invoice, automatically_finalizes_at=box.clock.now() + invoices.DRAFT_FOR)


def plan(
    box: Sandbox, schedule: Record, subscription: Record, phase: Phase, behavior: str
) -> tuple[change_plan.Change | None, dict[str, Any]]:
    """Put in place what moves no money; answers the change that does, and the parameters it comes from."""
    plain = _plain(box, schedule, subscription, phase)
    _if_possible(box, lambda: changes.apply_plain(box, subscription, plain))
    phase_items.swap_at_boundary(box, subscription, phase)
    wish = {**_money(box, subscription, phase), "proration_behavior": behavior}
    return _if_possible(box, lambda: change_plan.prepare(box, subscription, wish)), wish


def _if_possible(box: Sandbox, deed: Callable[[], T]) -> T | None:
    """Do it, or leave it undone where a request would be refused."""
    mark = box.store.savepoint()
    try:
        return deed()
    except ApiError:
        box.store.rollback_to(mark)
        return None


def as_params(box: Sandbox, schedule: Record, phase: Phase) -> dict[str, Any]:
    """A phase as the parameters of a new subscription."""
    wanted = [{name: one[name] for name in ("price", "metadata", "tax_rates")} for one in phase["items"]]
    for one, kept in zip(wanted, phase["items"], strict=True):
        if kept["quantity"] is not None:
            one["quantity"] = kept["quantity"]
    wish = {
        **_settings(schedule, phase),
        "customer": schedule["customer"],
        "currency": phase["currency"],
        "default_tax_rates": phase["default_tax_rates"],
        "discounts": _wishes(phase["discounts"]),
        "items": wanted,
        "metadata": merged(None, phase["metadata"]),
    }
    if phase["trial_end"] and phase["trial_end"] > box.clock.now():
        wish["trial_end"] = phase["trial_end"]
    return wish


def _settings(schedule: Record, phase: Phase) -> dict[str, Any]:
    """What the phase says, and the schedule's default settings where it says nothing."""
    defaults = schedule["default_settings"]
    found = {name: phase[name] if phase[name] is not None else defaults[name] for name in PLAIN}
    invoicing = {**(defaults["invoice_settings"] or {}), **(phase["invoice_settings"] or {})}
    days = {"days_until_due": invoicing["days_until_due"]} if invoicing.get("days_until_due") else {}
    return {name: value for name, value in found.items() if value is not None} | days


def _plain(box: Sandbox, schedule: Record, subscription: Record, phase: Phase) -> dict[str, Any]:
    wish = {
        **_settings(schedule, phase),
        "default_tax_rates": phase["default_tax_rates"],
        "metadata": phase["metadata"],
    }
    wanted = _usable(box, subscription, phase["discounts"])
    if [one.get("discount") for one in wanted] != subscription["discounts"]:
        wish["discounts"] = wanted
    return wish


def _usable(box: Sandbox, owner: Record, named: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The discounts of a phase that can be had; those the owner has already as they are."""
    running = {one["source"]["coupon"]: one["id"] for one in discounts.of(box, owner["discounts"])}
    found = []
    for wish in _wishes(named):
        promotion = box.store.get("promotion_code", wish.get("promotion_code", ""))
        coupon = promotion["promotion"]["coupon"] if promotion else wish.get("coupon")
        if coupon in running:
            wish = {"discount": running[coupon]}
        if discounts.can_have(box, wish, owner):
            found.append(wish)
    return found


def _wishes(named: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: id for name, id in one.items() if id} for one in named]


def _put_item_discounts(box: Sandbox, subscription: Record, phase: Phase) -> None:
    for item in items.of(box, subscription):
        wanted = next((one for one in phase["items"] if one["price"] == item["price"]), None)
        if wanted:
            discounts.replace(box, item, _usable(box, item, wanted["discounts"]))


def _money(box: Sandbox, subscription: Record, phase: Phase) -> dict[str, Any]:
    """The parameters of an update that move money."""
    pairs = phase_items.pairs(box, subscription, phase)
    found = [phase_items.as_change(item, wanted) for item, wanted in pairs if phase_items.differs(item, wanted)]
    wish: dict[str, Any] = {"items": found} if found else {}
    now, trial_end = box.clock.now(), phase["trial_end"]
    if trial_end and trial_end > now and trial_end != subscription["trial_end"]:
        wish["trial_end"] = trial_end
    resets = phase["billing_cycle_anchor"] == "phase_start" and phase["start_date"] == now
    if resets and subscription["billing_cycle_anchor"] != now:
        wish["billing_cycle_anchor"] = {"type": "now"}
    return wish


def add_invoice_item(box: Sandbox, subscription: Record, phase: Phase, added: dict[str, Any]) -> None:
    """Let the next invoice have an item of a phase."""
    found = items.of(box, subscription)
    ends = {
        "max_item_period_start": max(item["current_period_start"] for item in found),
        "min_item_period_end": min(item["current_period_end"] for item in found),
        "phase_start": phase["start_date"],
        "phase_end": phase["end_date"],
    }
    period = {side: ends.get(at["type"], at.get("timestamp")) for side, at in added["period"].items()}
    kept = {name: added[name] for name in ("discountable", "metadata", "quantity", "tax_rates")}
    customer = box.store.need("customer", subscription["customer"])
    params = {
        **kept,
        "discounts": _wishes(added["discounts"]),
        "period": period,
        "pricing": {"price": added["price"]},
    }
    invoice_items.add(box, params, customer, subscription)


def set_end(box: Sandbox, schedule: Record, subscription: Record) -> None:
    """Let the subscription end with the last phase, or not, as ``end_behavior`` says."""
    at = schedule["phases"][-1]["end_date"] if schedule["end_behavior"] == "cancel" else None
    if at == subscription["cancel_at"] or (at is None and not schedule["_set_cancel"]):
        return
    with box.events.updating(subscription):
        endings.schedule(box, subscription, {"cancel_at": at})
    box.store.update(schedule, _set_cancel=at is not None)
