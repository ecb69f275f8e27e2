"""Payment intents: those which invoices make. Simplification: creating one without an invoice is not played."""

from sandbox.billing import collection, intents, methods
from sandbox.billing.intents import Attempt
from sandbox.crud import serve_retrieve, serve_update
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record


@operation("POST /v1/payment_intents/{intent}/confirm")
def confirm(call: Call) -> Record:
    intent = call.store.need("payment_intent", call.id)
    intents.refuse_if_final(intent, "confirm")
    collection.confirm(call.box, intent, attempt_of(call, intent))
    if intent["status"] == "requires_payment_method":
        raise intents.as_api_error(call.box, intent)
    return intent


@operation("POST /v1/payment_intents/{intent}/cancel")
def cancel(call: Call) -> Record:
    intent = call.store.need("payment_intent", call.id)
    intents.refuse_if_final(intent, "cancel")
    if call.store.of("invoice_payment", "_payment_intent", intent["id"]):
        raise invalid(
            "This PaymentIntent pays an invoice; void the invoice instead.", code="payment_intent_unexpected_state"
        )
    intents.cancel(call.box, intent, call.get("cancellation_reason"))
    return intent


def attempt_of(call: Call, intent: Record) -> Attempt:
    """How the parameters of a confirmation say it is to be made."""
    if "payment_method_data" in call.params:
        method = methods.create(call.box, call.params["payment_method_data"], "payment_method_data")
    else:
        id = call.get("payment_method") or intent["payment_method"]
        if not id:
            raise invalid(
                "You cannot confirm this intent because it's missing a payment method.",
                "payment_method",
                f"{intent['object']}_unexpected_state",
            )
        method = methods.find(call.box, id)
    return Attempt(
        method,
        off_session=bool(call.get("off_session")) and not call.by_browser,
        return_url=call.get("return_url"),
        use_stripe_sdk=bool(call.get("use_stripe_sdk")),
    )


serve_retrieve("GET /v1/payment_intents/{intent}", "payment_intent")
serve_update("POST /v1/payment_intents/{intent}", "payment_intent", ("description", "receipt_email"))
serve_list("GET /v1/payment_intents", "payment_intent")
