"""Invoice payments: which intent paid, or is to pay, which invoice."""

from typing import Any

from sandbox.crud import serve_retrieve
from sandbox.listing import serve_list
from sandbox.store import Record


def _is_made_by(payment: Record, wanted: dict[str, Any]) -> bool:
    return all(payment["payment"].get(name) == value for name, value in wanted.items())


serve_retrieve("GET /v1/invoice_payments/{invoice_payment}", "invoice_payment")
serve_list("GET /v1/invoice_payments", "invoice_payment", payment=_is_made_by)
