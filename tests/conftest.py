"""The house the tests live in: real PostgreSQL and Redis, the sandbox over HTTP, real mail; nothing of ours is replaced.

One stack of services per xdist worker, kept in `.test/`; each test starts with empty tables, an empty mailbox and a fresh
sandbox at today's time. Events reach the portal over HTTP, because the application also listens on a real port.
"""

import contextlib
import fcntl
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, text
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.core import clock
from app.core.config import load
from app.core.extensions import db
from app.core.tasks import bell
from app.gateway.breaker import breaker
from portal.demo.stack import DATABASE, Stack
from portal.services.ports import free_port
from portal.services.supervisor import Supervisor
from portal.services.system import browser as system_browser
from tests.helpers import Mailbox, Sandbox

# Nothing but the portal goes over the network, and no graphics card is asked for.
CHROMIUM = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"

pytest_plugins = ["tests.cast", "tests.operations", "tests.property.profiles", "tests.scheduling"]


@pytest.fixture(scope="session")
def home(worker_id: str) -> Iterator[Path]:
    """A directory for this worker's services that no other run in this checkout is using. `make clean` removes it."""
    for turn in range(1, 10):
        home = (Path(".test") / f"{worker_id}-{turn}").resolve()
        home.mkdir(parents=True, exist_ok=True)
        with open(home / "lock", "w") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield home
            return
    raise RuntimeError("Nine test runs at once are enough for one checkout.")


@pytest.fixture(scope="session")
def stack(home: Path, collect_operations: Callable[[str], None]) -> Iterator[Stack]:
    """The services of this worker."""
    shutil.rmtree(home / "services" / "sandbox", ignore_errors=True)
    stack = Stack(home / "services", free_port(), durable=False)
    with Supervisor(stack.home / "logs") as supervisor:
        supervisor.start(*stack.services())
        stack.postgres.ensure_database(DATABASE)
        yield stack
        collect_operations(stack.sandbox_url)


@pytest.fixture(scope="session")
def whole_app(stack: Stack) -> Iterator[Flask]:
    """The application with an up-to-date schema, listening where Stripe sends its events."""
    app = create_app(load(stack.environment() | {"LOG_LEVEL": "warning"}))
    with app.app_context():
        event.listen(db.engine, "connect", _let_idle)
        db.session.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        db.session.commit()
        upgrade()
    server = make_server("127.0.0.1", stack.port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield app
    server.shutdown()
    thread.join()


def _let_idle(connection: Any, _record: object) -> None:
    """A test may look at pages for as long as they take between two looks at the tables."""
    connection.execute("SET idle_in_transaction_session_timeout = 0")
    connection.commit()


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """The application logs requests itself."""


@pytest.fixture
def app(whole_app: Flask, stack: Stack, sandbox: Sandbox, mailbox: Mailbox) -> Iterator[Flask]:
    """The application with nothing in it, inside an application context."""
    with whole_app.app_context():
        names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
        db.session.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        db.session.commit()
        assert bell.redis is not None
        bell.redis.flushdb()
        clock.refresh()  # the sandbox's time was set back to today
        breaker.reset()
        yield whole_app
        db.session.remove()
    # Every request the application made, and every answer it got, is within Stripe's contract.
    assert sandbox.violations() == []


@pytest.fixture
def sandbox(stack: Stack) -> Sandbox:
    """The sandbox end, Stripe as the sandbox plays it: fresh, and watched for anything outside of the contract."""
    sandbox = Sandbox(stack.sandbox_url)
    sandbox.reset()
    return sandbox


@pytest.fixture
def mailbox(stack: Stack) -> Mailbox:
    mailbox = Mailbox(stack.mailbox.url, stack.mail.directory)
    mailbox.empty()
    return mailbox


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium when there is one; Playwright's own otherwise."""
    return browser_type_launch_args | {"executable_path": system_browser(), "args": CHROMIUM.split()}
