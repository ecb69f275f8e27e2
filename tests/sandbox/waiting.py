"""Waiting for what happens in another thread or process, with patience enough for a busy machine."""

import time
from collections.abc import Callable

import pytest


def until(happened: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Look again and again until it happened; fails the test when it has not after so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s for {what}")
        time.sleep(0.005)
