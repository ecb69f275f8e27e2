"""A program gets a key of its own, asks with it, and loses it again."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.customer import PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo


@pytest.mark.parametrize("device", [PHONE_AT_NIGHT, WIDE | {"java_script_enabled": False}], ids=["phone", "plain"])
def test_a_key_is_created_used_and_revoked(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    dora = newcomer("Dora", "Difference Ltd", **device)
    dora.signs_up()
    dora.opens("/settings/api-keys")
    dora.reads("No keys yet.")
    dora.fills(Name="Import server")
    dora.page.get_by_label("Ask what the plan allows").check()
    dora.presses("Create key")
    dora.is_on("Key created")
    secret = dora.page.get_by_label("Key", exact=True).input_value()
    assert ask(demo, secret) == (200, True)

    dora.follows("I have copied it")
    dora.is_on("API keys")
    expect(dora.page.get_by_role("table", name="Keys")).to_contain_text(f"…{secret[-4:]}")
    dora.follows("Revoke Import server")
    dora.presses("Revoke Import server")
    dora.is_on("API keys")
    expect(dora.page.locator("#flashes")).to_contain_text("Import server was revoked.")
    assert ask(demo, secret) == (401, None)


def ask(demo: Demo, secret: str) -> tuple[int, bool | None]:
    """As a program would: status, and whether a render is allowed."""
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"{demo.url}/api/v1/entitlements/check"
    answer = requests.post(address, json={"meter": "renders"}, headers=headers, timeout=30)
    return answer.status_code, answer.json().get("allowed")
