"""Tax rates. Their percentage never changes, and archived ones cannot be used for anything new."""

from sandbox.crud import new_metadata, serve_retrieve, serve_update
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record, new_id

PLAIN = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")


@operation("POST /v1/tax_rates")
def create(call: Call) -> Record:
    if not 0 <= call.params["percentage"] <= 100:
        raise invalid("The percentage of a tax rate lies between 0 and 100.", "percentage")
    rate = {
        **call.box.contract.blank("tax_rate"),
        "id": new_id("txr"),
        "active": True,
        "created": call.box.clock.now(),
        "inclusive": call.params["inclusive"],
        "metadata": new_metadata(call.params),
        "percentage": call.params["percentage"],
        "effective_percentage": call.params["percentage"],
        "rate_type": "percentage",
        **{name: call.params[name] for name in PLAIN if name in call.params},
    }
    call.store.add(rate)
    call.box.events.record("tax_rate.created", rate)
    return rate


serve_retrieve("GET /v1/tax_rates/{tax_rate}", "tax_rate")
serve_update("POST /v1/tax_rates/{tax_rate}", "tax_rate", PLAIN)
serve_list("GET /v1/tax_rates", "tax_rate")
