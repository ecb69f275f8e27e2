"""The demo's traffic: a program of a customer's that reports use, loses nothing and counts nothing twice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.api_keys import service as keys
from app.core import clock
from app.core.extensions import db
from app.usage import service
from portal.demo.traffic import DAYS_BEFORE, Traffic
from portal.services.ports import free_port
from tests.cast import Browser
from tests.conftest import Quiet
from tests.usage.uses import use


@pytest.fixture
def key(ada: Browser, nexus) -> str:
    _, secret = keys.create(ada.organization, "Demo traffic", ["usage:write", "entitlements:read"])
    db.session.commit()
    return secret


@contextmanager
def listening(app: Flask, port: int) -> Iterator[None]:
    """The portal at a port of its own, as it is between two restarts."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def used(browser: Browser, meter: str = "api_calls") -> int:
    db.session.rollback()
    return int(service.standing(browser.organization, meter).used)


def test_each_beat_moves_the_meters(app: Flask, ada: Browser, key: str):
    port = free_port()
    traffic = Traffic(f"http://127.0.0.1:{port}", key)
    with listening(app, port):
        assert traffic.beat()
        first = used(ada)
        assert traffic.beat()
    assert 0 < first < used(ada)


def test_what_a_portal_that_was_away_did_not_take_comes_again_and_counts_once(app: Flask, ada: Browser, key: str):
    port = free_port()
    traffic = Traffic(f"http://127.0.0.1:{port}", key)
    assert [traffic.beat(), traffic.beat()] == [False, False]
    with listening(app, port):
        assert traffic.beat()
    assert 0 < used(ada) <= 40  # one beat's worth, however many there were meanwhile


def test_what_the_plan_does_not_allow_is_not_done(app: Flask, ada: Browser, key: str):
    use(ada, "renders", 20)
    use(ada, "workflow_runs", 100)
    port = free_port()
    traffic = Traffic(f"http://127.0.0.1:{port}", key)
    with listening(app, port):
        assert all(traffic.beat() for _ in range(5))
    assert (used(ada, "renders"), used(ada, "workflow_runs")) == (20, 100)


def test_the_days_before_are_told_once_however_often_it_begins(app: Flask, ada: Browser, key: str):
    port = free_port()
    sums = []
    ada.organization.created_at = clock.now() - timedelta(days=DAYS_BEFORE + 1)
    db.session.commit()
    with listening(app, port):
        for _ in range(2):
            traffic = Traffic(f"http://127.0.0.1:{port}", key)
            traffic.begin(clock.now())
            assert all(traffic.beat() for _ in range(DAYS_BEFORE))
            sums.append(used(ada, "bandwidth_gb"))
    assert sums[0] == sums[1] > 0


def test_a_key_that_was_revoked_ends_nothing(app: Flask, ada: Browser, key: str):
    port = free_port()
    traffic = Traffic(f"http://127.0.0.1:{port}", "cf_sandbox_unknown")
    with listening(app, port):
        assert [traffic.beat(), traffic.beat()] == [False, False]
    assert used(ada) == 0
