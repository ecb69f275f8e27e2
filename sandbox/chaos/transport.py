"""Answers that go wrong on the wire. They need the sandbox's own server; another WSGI server sends the answer whole."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.serving import WsgiHandler

Headers = list[tuple[str, str]]
Spoil = Callable[["WsgiHandler", str, Headers, bytes], None]
"""Sends an answer (status line, headers, body) in its own way."""

SPOIL = "sandbox.spoil"
"""Where in the WSGI environ a :data:`Spoil` for the answer is left."""

DROPS = 20
"""In how many pieces a dripping body comes."""


def reset(handler: WsgiHandler, _status: str, _headers: Headers, _body: bytes) -> None:
    """Hang up with an RST: nothing is answered, and the client's next read fails at once."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The handler's files share the socket; only its descriptor can be closed under them.
    os.close(handler.connection.detach())


def truncated(handler: WsgiHandler, status: str, headers: Headers, body: bytes) -> None:
    """Announce the whole body, send half of it, and hang up."""
    handler.send_head(status, headers, len(body))
    handler.wfile.write(body[: len(body) // 2])


def dripping(seconds: float) -> Spoil:
    """Send the head at once and the body in drops over so many seconds."""

    def drip(handler: WsgiHandler, status: str, headers: Headers, body: bytes) -> None:
        handler.send_head(status, headers, len(body))
        size = max(1, -(-len(body) // DROPS))
        for start in range(0, len(body), size):
            handler.wfile.write(body[start : start + size])
            handler.wfile.flush()
            time.sleep(seconds / DROPS)

    return drip
