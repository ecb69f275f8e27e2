"""Feedback options: a shop's own reasons for canceling. Assumption: one that is inactive stays so, and can still be reworded."""

from sandbox.crud import serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record, new_id

LONGEST = 100


@operation("POST /v1/billing/feedback_options")
def create(call: Call) -> Record:
    option = {
        **call.box.contract.blank("billing.feedback_option"),
        "id": new_id("fbopt"),
        "description": _description(call),
        "status": "active",
        "status_transitions": {"deactivated_at": None},
    }
    return call.store.add(option)


@operation("POST /v1/billing/feedback_options/{id}")
def update(call: Call) -> Record:
    option = call.store.need("billing.feedback_option", call.id)
    if "description" in call.params:
        call.store.update(option, description=_description(call))
    return option


@operation("POST /v1/billing/feedback_options/{id}/deactivate")
def deactivate(call: Call) -> Record:
    option = call.store.need("billing.feedback_option", call.id)
    if option["status"] != "active":
        raise invalid("This feedback option is already inactive.")
    transitions = {"deactivated_at": call.box.clock.now()}
    call.store.update(option, status="inactive", status_transitions=transitions)
    return option


def _description(call: Call) -> str:
    text = call.params["description"]
    if not text or len(text) > LONGEST:
        raise invalid(f"A description has between 1 and {LONGEST} characters.", "description")
    return str(text)


serve_retrieve("GET /v1/billing/feedback_options/{id}", "billing.feedback_option")
serve_list("GET /v1/billing/feedback_options", "billing.feedback_option")
