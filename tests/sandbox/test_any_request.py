"""Whatever is asked, the sandbox answers within the contract: no fault of its own, no object that Stripe would not send."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.core import Sandbox, Settings
from sandbox.server import Server
from tests.sandbox.conftest import START, Clock
from tests.sandbox.shop import Shop, client_for
from tests.sandbox.strangers import DAY, Stranger
from tests.sandbox.test_random_lives import Life


@pytest.fixture
def own() -> Iterator[Server]:
    """A sandbox of its own, as a stranger may change the webhook endpoints too, which outlive a reset."""
    with Server(Sandbox(Settings(strict=True, start_at=START))) as server:
        yield server


@pytest.mark.parametrize("seed", range(3))
def test_no_request_makes_it_fail(own: Server, seed: int) -> None:
    box, clock = own.box, Clock(own.url)
    Life(Shop(client_for(own.url)), clock, seed).live(60)
    stranger, dice = Stranger(box, seed), random.Random(seed)
    session = requests.Session()
    session.headers["Authorization"] = "Bearer sk_test_sandbox"
    for turn in range(700):
        method, path, params = stranger.request()
        sent: dict[str, Any] = {"data": params} if method == "POST" else {"params": params}
        answer = session.request(method, f"{own.url}{path}", timeout=20, **sent)
        assert answer.status_code in (200, 400, 402, 404), (method, path, params, answer.text)
        if answer.json().get("error", {}).get("code") == "parameter_missing":
            box.observation.violations.clear()  # noted about whoever asks; here that is meant
        assert list(box.observation.violations) == [], (method, path, params)
        if turn % 100 == 99:
            clock.turn(by=str(dice.choice((3600, 7 * DAY, 20 * DAY))))
