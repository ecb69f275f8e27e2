"""The transactions of a customer's balance.

Assumption: a transaction in another currency than the customer's is refused. There is no event for any of them, the customer's
own tells of the new balance.
"""

from sandbox.billing.invoices import balance
from sandbox.crud import changed_fields, new_metadata
from sandbox.errors import invalid, missing_resource
from sandbox.listing import page
from sandbox.resources import customers
from sandbox.routing import Call, Page, operation
from sandbox.store import Record

TYPE = "customer_balance_transaction"


@operation("POST /v1/customers/{customer}/balance_transactions")
def create(call: Call) -> Record:
    customer = customers.existing(call)
    currency, amount = call.params["currency"].lower(), call.params["amount"]
    if currency != (customer["currency"] or currency):
        raise invalid(f"This customer's balance is in {customer['currency']}, not in {currency}.", "currency")
    about = {"description": call.get("description"), "metadata": new_metadata(call.params)}
    made = balance.change(call.box, customer, amount, "adjustment", currency, **about)
    if made is None:
        raise invalid("Invalid amount: it must not be zero.", "amount", "parameter_invalid_integer")
    return made


@operation("POST /v1/customers/{customer}/balance_transactions/{transaction}")
def update(call: Call) -> Record:
    transaction = _transaction(call)
    call.store.update(transaction, **changed_fields(call.params, transaction, ("description",)))
    return transaction


@operation("GET /v1/customers/{customer}/balance_transactions/{transaction}")
def retrieve(call: Call) -> Record:
    return _transaction(call)


@operation("GET /v1/customers/{customer}/balance_transactions")
def list_transactions(call: Call) -> Page:
    return page(call, call.store.of(TYPE, "customer", customers.existing(call)["id"])[::-1])


def _transaction(call: Call) -> Record:
    transaction = call.store.need(TYPE, call.ids["transaction"])
    if transaction["customer"] != customers.existing(call)["id"]:
        raise missing_resource(TYPE, transaction["id"])
    return transaction
