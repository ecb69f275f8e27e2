"""Pausing a subscription and letting it run again.

Sources: Stripe's API reference for pausing and resuming, the changelog of 2026-05-27.dahlia (``payment_behavior``) and
2026-09-30.endive (``status_details``). A paused subscription keeps its items, makes no invoices and does not renew.
Assumptions: only an active or past due subscription without a pending update can be paused; what is credited or billed
about the pause is on an invoice of reason ``subscription_update``, as is the resumption invoice, whose lines begin with the
request; ``unchanged`` goes on with the period around that instant, and credits what is left of what was billed before;
``create_prorations`` leaves the prorations of ``unchanged`` pending, so that the subscription is active at once; a refused
payment of the resumption invoice answers the subscription, still paused, and no error.
Simplification: a subscription that was paused because it was not paid is not resumed by that payment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoices, pending
from sandbox.billing.payments import collection
from sandbox.billing.subscriptions import change_plan, changes, items, standing, waiting
from sandbox.billing.subscriptions.change_plan import Change
from sandbox.billing.subscriptions.items import Planned
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

UNTRIED_FOR = 23 * 3600
"""Seconds until a resumption invoice that nobody tries to pay is voided."""


def pause(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply ``POST /v1/subscriptions/…/pause``."""
    check_pausable(subscription)
    with box.events.updating(subscription):
        invoice = stop(box, subscription, params)
    standing.pause(box, subscription, "pause_requested")
    if invoice:
        _send(box, invoice, pays=True)


def stop(box: Sandbox, subscription: Record, params: dict[str, Any]) -> Record | None:
    """Credit unused time and bill usage as asked; the draft of the invoice for that, if there is to be one."""
    now = box.clock.now()
    wishes = params.get("bill_for") or {}
    unused = (wishes.get("unused_time_from") or {}).get("type", "now")
    usage = (wishes.get("outstanding_usage_through") or {}).get("type", "now")
    for item in items.of(box, subscription):
        if items.is_metered(box.store.need("price", item["price"])):
            if usage == "now":
                pending.usage(box, subscription, item, now)
                box.store.update(item, _usage_from=now)
        elif unused != "none":
            since = now if unused == "now" else item["current_period_start"]
            pending.credit(box, subscription, items.plan_of(item), since)
            box.store.update(item, _debits=[])
    if params.get("invoicing_behavior", "pending_invoice_item") != "invoice":
        return None
    return changes.bill(box, subscription, None)


def resume(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply ``POST /v1/subscriptions/…/resume``."""
    check_resumable(subscription)
    with box.events.updating(subscription):
        planned, invoice = restart(box, subscription, params)
        box.store.update(subscription, _resuming=planned)
        if invoice is None:
            waiting.resume(box, subscription, "active")
    if invoice is None:
        box.events.record(waiting.RESUMED, subscription)
    else:
        _send(box, invoice, pays=planned["pays"])


def restart(box: Sandbox, subscription: Record, params: dict[str, Any]) -> tuple[dict[str, Any], Record | None]:
    """How a paused subscription is to go on (its ``_resuming``), and the draft of the resumption invoice, if any."""
    now = box.clock.now()
    resets = (params.get("billing_cycle_anchor") or {}).get("type", "now") == "now"
    behavior = params.get("proration_behavior", "create_prorations")
    found = [items.plan_of(item) for item in items.of(box, subscription)]
    change = Change(now if resets else subscription["billing_cycle_anchor"], resets, found)
    for one in found:
        if resets:
            change_plan.restart(box, subscription, change, one)
        else:
            _go_on(box, subscription, one, params.get("proration_date") or now, behavior)
    invoice = changes.bill(box, subscription, change) if resets or behavior == "always_invoice" else None
    planned = {
        "invoice": invoice["id"] if invoice else None,
        "items": found,
        "fields": {"billing_cycle_anchor": change.anchor},
        "pays": params.get("payment_behavior") == "resume_on_payment_success",
        "expires_at": now + UNTRIED_FOR,
    }
    return planned, invoice


def check_resumable(subscription: Record) -> None:
    """Refuse to resume what is not paused, or is about to be resumed already."""
    if subscription["status"] != "paused":
        raise invalid(f"You can only resume a paused subscription; this one is {subscription['status']}.")
    if subscription["collection_method"] != "charge_automatically":
        raise invalid("You can only resume a subscription whose collection method is `charge_automatically`.")
    if subscription["_resuming"]:
        id = subscription["_resuming"]["invoice"]
        raise invalid(f"This subscription is being resumed already: pay or void its invoice {id} first.")


def check_pausable(subscription: Record) -> None:
    if subscription["collection_method"] != "charge_automatically":
        raise invalid("You can only pause a subscription whose collection method is `charge_automatically`.")
    if subscription["schedule"]:
        id = subscription["schedule"]
        raise invalid(f"You cannot pause a subscription that is managed by the subscription schedule `{id}`.")
    if not standing.can_pause(subscription):
        raise invalid(f"You cannot pause a subscription that is {subscription['status']}.")
    if subscription["_pending"]:
        raise invalid("You cannot pause a subscription with a pending update.")


def _go_on(box: Sandbox, subscription: Record, planned: Planned, at: int, behavior: str) -> None:
    """The period around that instant goes on, and the rest of it is asked for."""
    price = box.store.need("price", planned["price"])
    start, end = items.period(price, subscription["billing_cycle_anchor"], at)
    planned |= {"current_period_start": start, "current_period_end": end}
    if behavior == "none" or items.is_metered(price):
        return
    pending.credit(box, subscription, planned, at)
    until = min(end, subscription["cancel_at"] or end)
    asked = pending.debit(box, subscription, planned, at, until, (start, end))
    planned["debits"] = [pending.as_debit(asked)]


def _send(box: Sandbox, invoice: Record, *, pays: bool) -> None:
    """Let an invoice be final, and try to collect it if it is to be paid at once; otherwise nobody tries by themselves."""
    if not pays:
        box.store.update(invoice, auto_advance=False)
    invoices.announce(box, invoice)
    invoices.finalize(box, invoice)
    collection.settle_free(box, invoice)
    if invoice["status"] == "open" and pays:
        collection.pay(box, invoice, None, off_session=True)
