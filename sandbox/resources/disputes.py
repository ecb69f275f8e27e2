"""Disputes."""

from sandbox.billing.payments import disputes
from sandbox.crud import changed_fields, refuse, refuse_others, serve_retrieve
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record

NOT_TEXT = (
    *("appeal", "cancellation_policy", "customer_communication", "customer_signature", "enhanced_evidence", "receipt"),
    *("duplicate_charge_documentation", "refund_policy", "service_documentation", "shipping_documentation"),
    "uncategorized_file",
)
"""Evidence that would be a file, or concerns rules of card networks that are not played."""


@operation("POST /v1/disputes/{dispute}")
def update(call: Call) -> Record:
    """Evidence is submitted unless ``submit`` says no; metadata alone submits nothing."""
    refuse_others(call.params, ("evidence", "metadata", "submit"))
    evidence = call.get("evidence")
    refuse({f"evidence[{name}]": None for name in evidence or {}}, [f"evidence[{name}]" for name in NOT_TEXT])
    dispute = call.store.need("dispute", call.id)
    submit = call.get("submit", bool(evidence))
    disputes.edit(call.box, dispute, evidence, submit=submit, **changed_fields(call.params, dispute, ()))
    return dispute


@operation("POST /v1/disputes/{dispute}/close")
def close(call: Call) -> Record:
    dispute = call.store.need("dispute", call.id)
    disputes.give_up(call.box, dispute)
    return dispute


serve_retrieve("GET /v1/disputes/{dispute}", "dispute")
serve_list("GET /v1/disputes", "dispute")
