"""Charges, made by payment intents. Simplification: none is made without an intent."""

from sandbox.billing.payments import captures
from sandbox.crud import refuse_others, serve_retrieve, serve_update
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record


@operation("POST /v1/charges/{charge}/capture")
def capture(call: Call) -> Record:
    refuse_others(call.params, ("amount", "receipt_email"))
    charge = call.store.need("charge", call.id)
    intent = call.store.need("payment_intent", charge["payment_intent"])
    captures.capture(call.box, intent, call.get("amount"), "amount")
    if "receipt_email" in call.params:
        call.store.update(charge, receipt_email=call.params["receipt_email"])
    return charge


serve_retrieve("GET /v1/charges/{charge}", "charge")
serve_update("POST /v1/charges/{charge}", "charge", ("description", "fraud_details", "receipt_email", "shipping"))
serve_list("GET /v1/charges", "charge")
