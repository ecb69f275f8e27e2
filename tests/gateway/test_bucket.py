"""All processes together call Stripe so many times a second and no more; without Redis each counts for itself."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.tasks import bell
from app.gateway import customers
from app.gateway.bucket import Bucket, bucket
from app.gateway.errors import GatewayUnavailable
from tests.helpers import Sandbox

SHARE = 100  # seconds for one call, against which the time a test takes is nothing


@pytest.fixture
def redis_away(app: Flask) -> Iterator[None]:
    redis, bell.redis = bell.redis, None
    yield
    bell.redis = redis


@pytest.fixture
def processes(app: Flask) -> list[Bucket]:
    found = [Bucket(), Bucket()]
    for one in found:
        one.set_rate(1 / SHARE)
    return found


@pytest.fixture
def slow(app: Flask) -> Iterator[Bucket]:
    """The bucket of this process, when so little is allowed."""
    bucket.set_rate(1 / SHARE)
    yield bucket
    bucket.set_rate(100)


def taken_in_turns(processes: list[Bucket], calls: int) -> list[int]:
    """How many shares each of the calls waits."""
    waits = [processes[n % len(processes)].take(3000) or 0.0 for n in range(calls)]
    return [round(wait / SHARE) for wait in waits]


def test_processes_share_one_bucket(processes: list[Bucket]):
    assert taken_in_turns(processes, 6) == [0, 1, 2, 3, 4, 5]


@pytest.mark.usefixtures("redis_away")
def test_without_redis_each_counts_for_itself(processes: list[Bucket]):
    assert taken_in_turns(processes, 6) == [0, 0, 1, 1, 2, 2]


def test_what_cannot_wait_takes_nothing(processes: list[Bucket]):
    taken_in_turns(processes, 2)
    assert [one.take(SHARE) for one in processes] == [None, None]
    assert taken_in_turns(processes, 1) == [2]


@pytest.mark.usefixtures("redis_away")
def test_nor_without_redis(processes: list[Bucket]):
    taken_in_turns(processes, 4)
    assert [one.take(SHARE) for one in processes] == [None, None]
    assert taken_in_turns(processes, 1) == [2]


def test_a_call_whose_turn_comes_too_late_is_not_sent(slow: Bucket, sandbox: Sandbox):
    slow.take(0)
    asked = len(sandbox._get("log")["data"])
    with pytest.raises(GatewayUnavailable) as refusal:
        customers.billing("cus_1")
    assert not refusal.value.unknown
    assert len(sandbox._get("log")["data"]) == asked
