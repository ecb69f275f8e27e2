"""Setup intents. Simplification: without confirmation tokens, mandates for one payment or connected accounts."""

from typing import Any

from sandbox.billing.payments import intents, payments, setups
from sandbox.crud import living_customer, merged, new_metadata, refuse_others, serve_retrieve
from sandbox.listing import serve_list
from sandbox.resources import intent_params
from sandbox.routing import Call, operation
from sandbox.store import Record

TYPES = ("allowed_payment_method_types", "automatic_payment_methods", "excluded_payment_method_types")
METHOD = ("payment_method", "payment_method_data", "payment_method_options")
CREATE = (
    *(*TYPES, *METHOD),
    *("confirm", "customer", "description", "metadata", "return_url", "usage", "use_stripe_sdk"),
)
UPDATE = (*METHOD, "customer", "description", "metadata")
CONFIRM = (*METHOD, "return_url", "use_stripe_sdk")


@operation("POST /v1/setup_intents")
def create(call: Call) -> Record:
    refuse_others(call.params, CREATE)
    customer = living_customer(call.box, call.params["customer"])["id"] if call.get("customer") else None
    method = intent_params.method_of(call)
    fields = {**intent_params.types(call.params), **_fields(call.params)}
    intent = intents.new_setup(call.box, customer, metadata=new_metadata(call.params), **fields)
    if method:
        payments.choose(call.box, intent, method)
    if call.get("confirm"):
        _confirm(call, intent, method)
    return intent


@operation("POST /v1/setup_intents/{intent}")
def update(call: Call) -> Record:
    """There is no event for this: Stripe has no ``setup_intent.updated``."""
    refuse_others(call.params, UPDATE)
    intent = call.store.need("setup_intent", call.id)
    payments.need_open(intent, [name for name in (*METHOD, "customer") if name in call.params])
    changes = _fields(call.params)
    if call.get("customer"):
        changes["customer"] = living_customer(call.box, call.params["customer"])["id"]
    if "metadata" in call.params:
        changes["metadata"] = merged(intent["metadata"], call.params["metadata"])
    call.store.update(intent, **changes)
    method = intent_params.method_of(call)
    if method:
        payments.choose(call.box, intent, method)
    return intent


@operation("POST /v1/setup_intents/{intent}/confirm")
def confirm(call: Call) -> Record:
    refuse_others(call.params, CONFIRM)
    intent = call.store.need("setup_intent", call.id)
    _confirm(call, intent, intent_params.method_of(call))
    return intent


@operation("POST /v1/setup_intents/{intent}/cancel")
def cancel(call: Call) -> Record:
    intent = call.store.need("setup_intent", call.id)
    intents.refuse_if_final(intent, "cancel")
    intents.cancel(call.box, intent, call.get("cancellation_reason"))
    return intent


def _confirm(call: Call, intent: Record, method: Record | None) -> None:
    intents.refuse_if_final(intent, "confirm")
    call.store.update(intent, **_fields(call.params))
    setups.confirm(call.box, intent, intent_params.attempt_of(call, intent, method))
    if intent["last_setup_error"] and intent["status"] == "requires_payment_method":
        raise intents.as_api_error(call.box, intent)


def _fields(params: dict[str, Any]) -> dict[str, Any]:
    plain = {name: params[name] for name in ("description", "usage") if name in params}
    return plain | intent_params.options(params, intents.SETUP_OPTIONS)


serve_retrieve("GET /v1/setup_intents/{intent}", "setup_intent")
serve_list("GET /v1/setup_intents", "setup_intent")
