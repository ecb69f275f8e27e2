"""What the sandbox promises to play: every operation of these resources, but for those that say why not."""

import pytest
import requests

from sandbox.contract import Contract
from sandbox.routing import HANDLERS
from sandbox.unplayed import UNPLAYED

PROMISED = (
    *("balance", "billing", "charges", "coupons", "credit_notes", "customers", "disputes", "entitlements", "events"),
    *("invoice_payments", "invoiceitems", "invoices", "payment_intents", "payment_methods", "prices", "products"),
    *("promotion_codes", "refunds", "setup_intents", "subscription_items", "subscription_schedules", "subscriptions"),
    *("tax_ids", "tax_rates", "test_helpers/test_clocks", "webhook_endpoints"),
)


@pytest.fixture
def described() -> set[str]:
    """The operations of the contract, as far as promised."""
    return {
        operation.line
        for operation in Contract().operations()
        if any(f"{operation.path}/".startswith(f"/v1/{resource}/") for resource in PROMISED)
    }


def test_each_operation_is_played_or_left_out_for_a_reason(described: set[str]) -> None:
    played = {f"{method} {path}" for method, path in HANDLERS}
    assert described - played == set(UNPLAYED)
    assert played - described == set()


def test_what_is_left_out_says_why(url: str) -> None:
    answer = requests.post(f"{url}/v1/charges", headers={"Authorization": "Bearer sk_test_sandbox"})
    assert answer.status_code == 404
    assert "charges are made by payment intents" in answer.json()["error"]["message"]
