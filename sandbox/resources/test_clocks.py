"""Test clocks: customers whose time stands still until it is advanced.

Simplifications: a clock is never deleted by itself, and there is no limit to its customers and their subscriptions.
Assumptions: a customer with subscriptions or invoices cannot be given a clock that stands before the sandbox's own time;
deleting a clock deletes its customers as ``DELETE /v1/customers/{customer}`` does, with the same events.
"""

from sandbox.billing.subscriptions import items
from sandbox.billing.subscriptions.endings import OVER
from sandbox.billing.subscriptions.periods import add
from sandbox.core import Sandbox
from sandbox.crud import deleted, living_customer, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.ownership import TEST_CLOCK
from sandbox.resources import customers
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record, new_id

KEPT_FOR = 30 * 86400
INTERVALS_AHEAD = 2
YEARS_AHEAD = 2


@operation("POST /v1/test_helpers/test_clocks")
def create(call: Call) -> Record:
    now = call.box.clock.now()
    test_clock = call.store.add(
        {
            **call.box.contract.blank(TEST_CLOCK),
            "id": new_id("clock"),
            "created": now,
            "deletes_after": now + KEPT_FOR,
            "frozen_time": call.params["frozen_time"],
            "name": call.get("name"),
            "status": "ready",
            "status_details": {},
        }
    )
    if test_clock["frozen_time"] < 0:
        raise invalid("Invalid timestamp: must not be negative", "frozen_time")
    with call.box.clock.of(test_clock["id"]):
        if call.get("customer"):
            _attach(call, test_clock, now)
        call.box.events.record(f"{TEST_CLOCK}.created", test_clock)
    return test_clock


@operation("POST /v1/test_helpers/test_clocks/{test_clock}/advance")
def advance(call: Call) -> Record:
    """Answers at once; the clock is ``advancing`` until everything due on the way is done."""
    test_clock, target = call.store.need(TEST_CLOCK, call.id), call.params["frozen_time"]
    if target <= test_clock["frozen_time"]:
        raise invalid("The test clock can only be advanced to a time after its current frozen time.", "frozen_time")
    if target > _furthest(call.box, test_clock):
        message = (
            f"The test clock cannot be advanced by more than {INTERVALS_AHEAD} intervals of its shortest subscription, "
            f"or {YEARS_AHEAD} years if it has none."
        )
        raise invalid(message, "frozen_time")
    details = {"advancing": {"target_frozen_time": target}}
    call.store.update(test_clock, status="advancing", status_details=details)
    call.box.events.record(f"{TEST_CLOCK}.advancing", test_clock)
    return test_clock


@operation("DELETE /v1/test_helpers/test_clocks/{test_clock}")
def delete(call: Call) -> Plain:
    test_clock = call.store.need(TEST_CLOCK, call.id)
    for customer in call.store.list("customer"):
        if customer["test_clock"] == test_clock["id"] and not customer["_deleted"]:
            customers.remove(call.box, customer)
    call.box.events.record(f"{TEST_CLOCK}.deleted", test_clock)
    call.store.remove(test_clock)
    return Plain(deleted(test_clock))


def _furthest(box: Sandbox, test_clock: Record) -> int:
    """The last instant to which a clock may be advanced now."""
    start = test_clock["frozen_time"]
    running = [
        one
        for one in box.store.list("subscription")
        if one["test_clock"] == test_clock["id"] and one["status"] not in OVER
    ]
    prices = [box.store.need("price", item["price"]) for one in running for item in items.of(box, one)]
    ends = [
        add(start, price["recurring"]["interval"], INTERVALS_AHEAD * price["recurring"]["interval_count"])
        for price in prices
    ]
    return min(ends, default=add(start, "year", YEARS_AHEAD))


def _attach(call: Call, test_clock: Record, now: int) -> None:
    """Let an existing customer, and what belongs to them, live by a new clock."""
    customer = living_customer(call.box, call.params["customer"])
    if customer["test_clock"]:
        raise invalid("The customer is already attached to a test clock.", "customer")
    owned = [*call.store.of("subscription", "customer", customer["id"])]
    owned += call.store.of("invoice", "customer", customer["id"])
    if owned and test_clock["frozen_time"] < now:
        raise invalid("The customer has objects that are younger than this frozen time.", "frozen_time")
    call.store.update(customer, test_clock=test_clock["id"])
    for object_type in call.store.types():
        for record in call.store.of(object_type, "customer", customer["id"]):
            if "test_clock" in record:
                call.store.update(record, test_clock=test_clock["id"])
    call.box.clock.plan_anew()


serve_retrieve("GET /v1/test_helpers/test_clocks/{test_clock}", TEST_CLOCK)
serve_list("GET /v1/test_helpers/test_clocks", TEST_CLOCK)
