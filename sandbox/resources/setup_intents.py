"""Setup intents."""

from sandbox.billing import intents, methods, setups
from sandbox.crud import new_metadata, refuse, serve_retrieve, serve_update
from sandbox.listing import serve_list
from sandbox.resources.payment_intents import attempt_of
from sandbox.routing import Call, operation
from sandbox.store import Record

UNSUPPORTED = (
    "attach_to_self",
    "confirmation_token",
    "customer_account",
    "flow_directions",
    "on_behalf_of",
    "single_use",
)
KEPT = (
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "description",
    "excluded_payment_method_types",
    "usage",
)


@operation("POST /v1/setup_intents")
def create(call: Call) -> Record:
    refuse(call.params, UNSUPPORTED)
    if call.get("customer"):
        call.store.need("customer", call.params["customer"], "customer")
    fields = {name: call.params[name] for name in KEPT if name in call.params}
    # What Stripe fills in when no parameter names payment methods.
    fields.setdefault("automatic_payment_methods", {"allow_redirects": "always", "enabled": True})
    if call.get("payment_method"):
        fields["payment_method"] = methods.find(call.box, call.params["payment_method"])["id"]
        fields["status"] = "requires_confirmation"
    intent = intents.new_setup(call.box, call.get("customer"), metadata=new_metadata(call.params), **fields)
    if call.get("confirm"):
        _confirm(call, intent)
    return intent


@operation("POST /v1/setup_intents/{intent}/confirm")
def confirm(call: Call) -> Record:
    intent = call.store.need("setup_intent", call.id)
    _confirm(call, intent)
    return intent


@operation("POST /v1/setup_intents/{intent}/cancel")
def cancel(call: Call) -> Record:
    intent = call.store.need("setup_intent", call.id)
    intents.refuse_if_final(intent, "cancel")
    intents.cancel(call.box, intent, call.get("cancellation_reason"))
    return intent


def _confirm(call: Call, intent: Record) -> None:
    intents.refuse_if_final(intent, "confirm")
    setups.confirm(call.box, intent, attempt_of(call, intent))
    if intent["last_setup_error"] and intent["status"] == "requires_payment_method":
        raise intents.as_api_error(call.box, intent)


serve_retrieve("GET /v1/setup_intents/{intent}", "setup_intent")
serve_update("POST /v1/setup_intents/{intent}", "setup_intent", ("description",))
serve_list("GET /v1/setup_intents", "setup_intent")
