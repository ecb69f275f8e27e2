"""HTTP/1.1 for one WSGI app: kept-alive connections, a thread each, nothing printed.

Werkzeug's own server closes the connection after every answer, which would cost each request of the SDK a new one.
Requests need a Content-Length (every client of this API sends one); bodies are read whole before the app runs.
"""

from __future__ import annotations

import io
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.chaos.transport import SPOIL

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MAX_BODY = 1 << 20
IDLE_SECONDS = 60


class WsgiServer(ThreadingHTTPServer):
    """Listens for one app."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, app: WSGIApplication) -> None:
        super().__init__((host, port), WsgiHandler)
        self.app = app

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor who hangs up in mid-sentence is no news; anything else is a fault of ours, told as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class WsgiHandler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave in one write, and no answer waits for an acknowledgement of the last one.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS
    server: WsgiServer

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                self.close_connection = True
            elif self.parse_request():
                self._serve()
                self.wfile.flush()
        except TimeoutError:  # nothing came, or nobody took the answer
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """The request log is at ``/_sandbox/log``."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "chunked" in self.headers.get("Transfer-Encoding", "") or not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        begun: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            begun.update(status=status, headers=headers)

        environ = self._environ(self.rfile.read(int(length)))
        answer = self.server.app(environ, start_response)
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        if spoil := environ.get(SPOIL):
            self.close_connection = True
            spoil(self, begun["status"], begun["headers"], body)
        else:
            self.send_head(begun["status"], begun["headers"], len(body))
            if self.command != "HEAD":
                self.wfile.write(body)

    def send_head(self, status: str, headers: list[tuple[str, str]], length: int) -> None:
        """Begin an answer whose body has so many bytes."""
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if code not in ("204", "304"):
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ
