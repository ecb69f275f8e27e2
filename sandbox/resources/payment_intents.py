"""Payment intents: those which invoices make, and payments on their own.

Simplification: confirmed automatically only, and without confirmation tokens, mandates or connected accounts.
"""

from typing import Any

from sandbox.billing.payments import captures, collection, intents, payments
from sandbox.crud import living_customer, merged, new_metadata, refuse_others, serve_retrieve
from sandbox.errors import invalid, unsupported
from sandbox.listing import serve_list
from sandbox.resources import intent_params
from sandbox.routing import Call, operation
from sandbox.store import Record

PLAIN = ("description", "receipt_email", "shipping", "statement_descriptor", "statement_descriptor_suffix")
TYPES = ("allowed_payment_method_types", "automatic_payment_methods", "excluded_payment_method_types")
METHOD = ("payment_method", "payment_method_data", "payment_method_options")
TERMS = ("capture_method", "setup_future_usage")
CONFIRMATION = ("error_on_requires_action", "off_session", "return_url", "use_stripe_sdk")

CREATE = (
    *(*PLAIN, *TYPES, *METHOD, *TERMS, *CONFIRMATION),
    *("amount", "confirm", "confirmation_method", "currency", "customer", "metadata"),
)
UPDATE = (*PLAIN, *METHOD, *TERMS, "amount", "currency", "customer", "metadata")
CONFIRM = (*METHOD, *TERMS, *CONFIRMATION, "receipt_email", "shipping")
CAPTURE = ("amount_to_capture", "metadata", "statement_descriptor", "statement_descriptor_suffix")

WHILE_OPEN = ("amount", "currency", "customer", *METHOD, *TERMS)
"""Parameters of an update that concern a payment still to be made."""


@operation("POST /v1/payment_intents")
def create(call: Call) -> Record:
    refuse_others(call.params, CREATE)
    if call.get("confirmation_method") == "manual":
        raise unsupported("confirmation_method")
    if not call.get("confirm"):
        _refuse_without_confirm(call)
    currency = call.params["currency"].lower()
    payments.check_amount(call.params["amount"], currency)
    payments.check_descriptors(call.params)
    customer = living_customer(call.box, call.params["customer"])["id"] if call.get("customer") else None
    method = intent_params.method_of(call)
    fields = {**intent_params.types(call.params), **_fields(call.params)}
    metadata = new_metadata(call.params)
    intent = intents.new_payment(call.box, customer, call.params["amount"], currency, metadata=metadata, **fields)
    if method:
        payments.choose(call.box, intent, method)
    if call.get("confirm"):
        _confirm(call, intent, method)
    return intent


@operation("POST /v1/payment_intents/{intent}")
def update(call: Call) -> Record:
    """There is no event for this: Stripe has no ``payment_intent.updated``."""
    refuse_others(call.params, UPDATE)
    intent = call.store.need("payment_intent", call.id)
    payments.need_open(intent, [name for name in WHILE_OPEN if name in call.params])
    payments.check_descriptors(call.params)
    changes = _fields(call.params) | _money(call, intent) | _customer(call, intent)
    if "metadata" in call.params:
        changes["metadata"] = merged(intent["metadata"], call.params["metadata"])
    call.store.update(intent, **changes)
    method = intent_params.method_of(call)
    if method:
        payments.choose(call.box, intent, method)
    return intent


@operation("POST /v1/payment_intents/{intent}/confirm")
def confirm(call: Call) -> Record:
    refuse_others(call.params, CONFIRM)
    intent = call.store.need("payment_intent", call.id)
    _confirm(call, intent, intent_params.method_of(call))
    return intent


@operation("POST /v1/payment_intents/{intent}/capture")
def capture(call: Call) -> Record:
    refuse_others(call.params, CAPTURE)
    intent = call.store.need("payment_intent", call.id)
    payments.check_descriptors(call.params)
    captures.capture(call.box, intent, call.get("amount_to_capture"))
    metadata = merged(intent["metadata"], call.get("metadata") or {})
    call.store.update(intent, metadata=metadata, **_fields(call.params))
    return intent


@operation("POST /v1/payment_intents/{intent}/cancel")
def cancel(call: Call) -> Record:
    intent = call.store.need("payment_intent", call.id)
    intents.refuse_if_final(intent, "cancel")
    if _pays_invoice(call, intent):
        raise intents.unexpected_state(intent, "This PaymentIntent pays an invoice; void the invoice instead.")
    intents.cancel(call.box, intent, call.get("cancellation_reason"))
    return intent


def _confirm(call: Call, intent: Record, method: Record | None) -> None:
    intents.refuse_if_final(intent, "confirm")
    call.store.update(intent, **_fields(call.params))
    collection.confirm(call.box, intent, intent_params.attempt_of(call, intent, method))
    if intent["status"] == "requires_payment_method":
        raise intents.as_api_error(call.box, intent)


def _fields(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that are fields of the same name, whenever they are given."""
    plain = {name: params[name] for name in (*PLAIN, *TERMS) if name in params}
    return plain | intent_params.options(params, intents.PAYMENT_OPTIONS)


def _money(call: Call, intent: Record) -> dict[str, Any]:
    if not {"amount", "currency"} & set(call.params):
        return {}
    if _pays_invoice(call, intent):
        raise invalid("The amount of a PaymentIntent that pays an invoice follows the invoice.", "amount")
    currency = str(call.get("currency", intent["currency"])).lower()
    amount = int(call.get("amount", intent["amount"]))
    payments.check_amount(amount, currency)
    return {"amount": amount, "currency": currency}


def _customer(call: Call, intent: Record) -> dict[str, Any]:
    given = call.get("customer")
    if not given or given == intent["customer"]:
        return {}
    if intent["customer"]:
        raise invalid("You cannot modify `customer` on a PaymentIntent once it already has been set.", "customer")
    return {"customer": living_customer(call.box, given)["id"]}


def _pays_invoice(call: Call, intent: Record) -> bool:
    return bool(call.store.of("invoice_payment", "_payment_intent", intent["id"]))


def _refuse_without_confirm(call: Call) -> None:
    for name in CONFIRMATION:
        if name in call.params and name != "use_stripe_sdk":
            raise invalid(f"The parameter {name} can only be used with confirm=true.", name)


serve_retrieve("GET /v1/payment_intents/{intent}", "payment_intent")
serve_list("GET /v1/payment_intents", "payment_intent")
