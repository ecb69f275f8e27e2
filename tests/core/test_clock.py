"""Business time follows the sandbox; machine time never does."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask

from app.core import clock
from tests.cast import Browser
from tests.helpers import Sandbox


def test_turning_the_clock_moves_business_time_only(app: Flask, sandbox: Sandbox):
    before = clock.wall()
    sandbox.turn_clock("1 month")
    clock.refresh()
    assert clock.now() - before > timedelta(days=27)
    assert clock.wall() - before < timedelta(minutes=1)


def test_a_page_knows_the_new_time_at_once(ada: Browser, subscribe, sandbox: Sandbox):
    subscribe(ada, "starter")
    sandbox.turn_clock("12 days")
    assert "Your trial ends on" in ada.get("/").text


def test_an_unreachable_clock_keeps_the_last_offset(app: Flask, sandbox: Sandbox):
    own = clock.BusinessClock()
    sandbox.turn_clock("1 month")
    own.follow(app.extensions["settings"].clock_url)
    own.refresh()
    own.url = "http://127.0.0.1:9/clock"
    own.refresh()
    assert own.now() - clock.wall() > timedelta(days=27)


def test_turning_the_clock_signs_nobody_out(ada: Browser, sandbox: Sandbox):
    sandbox.turn_clock("1 year")
    assert ada.get("/").status_code == 200


class SlowClock(BaseHTTPRequestHandler):
    """The machine's own time in whole seconds, told a little later."""

    def do_GET(self) -> None:
        body = b'{"now": %d}' % time.time()
        time.sleep(0.1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not to the test's output."""


@pytest.fixture
def slow_clock() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), SlowClock) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_an_answer_that_took_over_a_second_s_end_puts_no_process_back(slow_clock: str):
    own = clock.BusinessClock()
    own.follow(slow_clock)
    time.sleep(0.95 - time.time() % 1 if time.time() % 1 < 0.95 else 0)
    own.refresh()
    assert own.now() >= clock.wall() - timedelta(milliseconds=100)
