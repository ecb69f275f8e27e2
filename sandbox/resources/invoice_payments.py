"""Invoice payments: which intent paid, or is to pay, which invoice."""

from typing import Any

from sandbox.billing.payments import collection
from sandbox.crud import refuse, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record


@operation("POST /v1/invoices/{invoice}/attach_payment")
def attach(call: Call) -> Record:
    refuse(call.params, ("payment_record",))
    invoice = call.store.need("invoice", call.id)
    if not call.get("payment_intent"):
        raise invalid("Missing required param: payment_intent.", "payment_intent", "parameter_missing")
    intent = call.store.need("payment_intent", call.params["payment_intent"], "payment_intent")
    collection.attach(call.box, invoice, intent)
    return invoice


def _is_made_by(payment: Record, wanted: dict[str, Any]) -> bool:
    return all(payment["payment"].get(name) == value for name, value in wanted.items())


serve_retrieve("GET /v1/invoice_payments/{invoice_payment}", "invoice_payment")
serve_list("GET /v1/invoice_payments", "invoice_payment", payment=_is_made_by)
