"""What goes wrong between us and Stripe, on purpose."""

from typing import Any

import requests

from tests.helpers import Sandbox


def falter(sandbox: Sandbox, *plan: dict[str, Any]) -> None:
    """Let the calls to Stripe go wrong as planned from now on; nothing goes wrong without a plan."""
    faults = f"{sandbox.url}/_sandbox/faults"
    requests.post(faults, json={"seed": 1, "plan": list(plan)}, timeout=10).raise_for_status()
