"""The Flask app around a sandbox, and the server that runs it together with the clock."""

from __future__ import annotations

import logging
import threading
from importlib import import_module

from flask import Flask

from sandbox import api, browser, control, control_webhooks, resources  # noqa: F401 - they register themselves
from sandbox.chaos import routes  # noqa: F401 - it registers itself
from sandbox.core import Sandbox
from sandbox.serving import WsgiServer

TICK = 1.0
"""Seconds of machine time between two looks at what fell due."""


def create_app(box: Sandbox) -> Flask:
    """The WSGI app: API, browser routes, control, and the two sets of pages."""
    app = Flask("sandbox", static_folder=None)
    app.extensions["sandbox"] = box
    for blueprint in (api.bp, browser.bp, control.bp):
        app.register_blueprint(blueprint)
    for name in ("sandbox.hosted", "sandbox.panel"):
        app.register_blueprint(import_module(name).bp)
    return app


class Server:
    """A sandbox that listens. ``port`` 0 takes a free one; use as a context manager to run it in the background."""

    def __init__(self, box: Sandbox, host: str = "127.0.0.1", port: int = 0) -> None:
        self.box = box
        self._server = WsgiServer(host, port, create_app(box))
        self.port: int = self._server.server_port
        self.url = f"http://{host}:{self.port}"
        box.base_url = self.url
        self._stopping = threading.Event()

    def run(self) -> None:
        """Serve until :meth:`stop`, or until a signal handler raises."""
        threading.Thread(target=self._tick, name="clock", daemon=True).start()
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self._stopping.set()
            self._server.server_close()
            self.box.close()

    def stop(self) -> None:
        self._server.shutdown()

    def __enter__(self) -> Server:
        self._thread = threading.Thread(target=self.run, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK):
            try:
                self.box.clock.run_due()
            except Exception:  # the clock must go on, and the log must tell
                logging.getLogger(__name__).exception("what was due could not be done")
