"""What an operator does in Stripe's Dashboard: make coupons, and codes for them."""

from typing import Any

import requests

from tests.helpers import Sandbox


def make_code(sandbox: Sandbox, code: str = "SPRING20", coupon: dict[str, Any] | None = None, **terms: Any) -> str:
    """A promotion code for a coupon, 20 % off for 3 months unless said otherwise; answers its id."""
    wanted = coupon or {"percent_off": "20", "duration": "repeating", "duration_in_months": "3"}
    made = at_stripe(sandbox, "coupons", **wanted)
    return str(
        at_stripe(sandbox, "promotion_codes", code=code, promotion={"type": "coupon", "coupon": made["id"]}, **terms)[
            "id"
        ]
    )


def at_stripe(sandbox: Sandbox, path: str, **params: Any) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    answer = requests.post(f"{sandbox.url}/v1/{path}", data=dict(_flat(params)), headers=headers, timeout=10)
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _flat(params: Any, prefix: str = "") -> list[tuple[str, str]]:
    pairs = []
    for name, value in params.items():
        key = f"{prefix}[{name}]" if prefix else str(name)
        if isinstance(value, dict):
            pairs += _flat(value, key)
        elif isinstance(value, list):
            pairs += [(f"{key}[{index}]", str(one)) for index, one in enumerate(value)]
        else:
            pairs.append((key, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs
