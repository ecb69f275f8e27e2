"""Whatever is asked, the sandbox answers within the contract: no fault of its own, no object that Stripe would not send."""

import random
from typing import Any

import pytest
import requests

from sandbox.core import Sandbox
from tests.sandbox.shop import Shop
from tests.sandbox.strangers import DAY, Stranger
from tests.sandbox.test_random_lives import Life


@pytest.mark.parametrize("seed", range(3))
def test_no_request_makes_it_fail(url: str, box: Sandbox, shop: Shop, clock: Any, seed: int) -> None:
    Life(shop, clock, seed).live(60)
    stranger, dice = Stranger(box, seed), random.Random(seed)
    session = requests.Session()
    session.headers["Authorization"] = "Bearer sk_test_sandbox"
    for turn in range(700):
        method, path, params = stranger.request()
        sent: dict[str, Any] = {"data": params} if method == "POST" else {"params": params}
        answer = session.request(method, f"{url}{path}", timeout=20, **sent)
        assert answer.status_code in (200, 400, 402, 404), (method, path, params, answer.text)
        if answer.json().get("error", {}).get("code") == "parameter_missing":
            box.observation.violations.clear()  # noted about whoever asks; here that is meant
        assert list(box.observation.violations) == [], (method, path, params)
        if turn % 100 == 99:
            clock.turn(by=str(dice.choice((3600, 7 * DAY, 20 * DAY))))
