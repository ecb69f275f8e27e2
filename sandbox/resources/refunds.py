"""Refunds. Simplification: only of charges; a customer's balance is not refunded."""

from sandbox.billing.payments import refunds
from sandbox.crud import new_metadata, refuse, serve_retrieve, serve_update
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record

UNSUPPORTED = ("currency", "customer", "instructions_email", "origin", "refund_application_fee", "reverse_transfer")


@operation("POST /v1/refunds")
def create(call: Call) -> Record:
    refuse(call.params, UNSUPPORTED)
    of = _refunded(call)
    return refunds.create(
        call.box, of, call.get("amount"), reason=call.get("reason"), metadata=new_metadata(call.params)
    )


@operation("POST /v1/refunds/{refund}/cancel")
def cancel(call: Call) -> Record:
    refund = call.store.need("refund", call.id)
    refunds.cancel(call.box, refund)
    return refund


def _refunded(call: Call) -> Record:
    """The charge or the payment intent that the parameters name."""
    charge, intent = call.get("charge"), call.get("payment_intent")
    if not charge and not intent:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    if charge and intent:
        raise invalid("You may only specify one of these parameters: charge, payment_intent.", "payment_intent")
    name = "charge" if charge else "payment_intent"
    return call.store.need(name, call.params[name], name)


serve_retrieve("GET /v1/refunds/{refund}", "refund")
serve_update("POST /v1/refunds/{refund}", "refund", ())
serve_list("GET /v1/refunds", "refund")
