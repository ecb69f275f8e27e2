"""The account's balance."""

from sandbox.billing.payments import funds
from sandbox.routing import Call, Plain, operation


@operation("GET /v1/balance")
def retrieve(call: Call) -> Plain:
    available = funds.available(call.box) or {"usd": 0}
    return Plain(
        {
            "object": "balance",
            "available": [_amount(currency, value) for currency, value in sorted(available.items())],
            "livemode": False,
            "pending": [_amount(currency, 0) for currency in sorted(available)],
        }
    )


def _amount(currency: str, value: int) -> dict[str, object]:
    return {"amount": value, "currency": currency, "source_types": {"card": value}}
