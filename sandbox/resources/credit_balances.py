"""What a customer has in billing credits, and the transactions behind it.

Assumption: the balance for the price type ``metered`` is that of the grants for all metered prices; the balance for named
prices adds those grants that name one of them.
"""

from sandbox.billing.usage import credits
from sandbox.crud import refuse, serve_retrieve
from sandbox.errors import invalid, missing_resource
from sandbox.listing import page
from sandbox.routing import Call, Page, operation
from sandbox.store import Record


@operation("GET /v1/billing/credit_balance_summary")
def summarize(call: Call) -> Record:
    refuse(call.params, ("customer_account",))
    if "customer" not in call.params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = call.store.need("customer", call.params["customer"], "customer")
    return {
        "object": "billing.credit_balance_summary",
        "balances": credits.balances(call.box, _chosen(call, customer)),
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
    }


@operation("GET /v1/billing/credit_balance_transactions")
def list_transactions(call: Call) -> Page:
    refuse(call.params, ("customer_account",))
    return page(call, call.store.list(credits.TRANSACTION), {"customer": _is_of})


def _chosen(call: Call, customer: Record) -> list[Record]:
    """The grants a filter asks for."""
    wish = call.params["filter"]
    grants = call.store.of(credits.GRANT, "customer", customer["id"])
    named = wish.get(wish["type"])
    if named is None:
        param = f"filter[{wish['type']}]"
        raise invalid(f"Missing required param: {param}.", param, "parameter_missing")
    if wish["type"] == "credit_grant":
        found = [one for one in grants if one["id"] == named]
        if not found:
            raise missing_resource("billing.credit_grant", named, "filter[credit_grant]")
        return found
    prices = {one["id"] for one in named.get("prices") or []}
    if bool(prices) == ("price_type" in named):
        raise invalid("Give either `price_type` or `prices`.", "filter[applicability_scope]")
    return [one for one in grants if _applies(one, prices)]


def _applies(grant: Record, prices: set[str]) -> bool:
    named = grant["applicability_config"]["scope"]["prices"]
    return named is None or any(one["id"] in prices for one in named)


def _is_of(transaction: Record, customer: str) -> bool:
    return bool(transaction["_customer"] == customer)


serve_retrieve("GET /v1/billing/credit_balance_transactions/{id}", credits.TRANSACTION)
