"""Events as Stripe posts them: signed beforehand, sent over kept connections by a client that costs next to nothing."""

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any, NamedTuple

CONNECTIONS = 6
_numbers = count(1)


class Sent(NamedTuple):
    """`statuses` and `seconds` of each request in the order of their ends, `duration` of all together."""

    statuses: list[int]
    seconds: list[float]
    duration: float

    @property
    def rate(self) -> float:
        return len(self.statuses) / self.duration

    @property
    def refused(self) -> int:
        return sum(not 200 <= status < 300 for status in self.statuses)

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return 1000 * sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)]


def requests(templates: Sequence[dict[str, Any]], amount: int, secret: str, port: int) -> list[bytes]:
    """So many requests with events of their own, going round the templates."""
    return [_request(templates[n % len(templates)], secret, port) for n in range(amount)]


def _request(template: dict[str, Any], secret: str, port: int) -> bytes:
    body = json.dumps(template | {"id": f"evt_bench{next(_numbers)}", "created": int(time.time())})
    stamp = int(time.time())
    signature = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    lines = (
        "POST /webhooks/stripe HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json; charset=utf-8",
        f"Stripe-Signature: t={stamp},v1={signature}",
        f"Content-Length: {len(body.encode())}",
    )
    return "\r\n".join([*lines, "", body]).encode()


def send(posts: Sequence[bytes], port: int) -> Sent:
    """Send them all, each connection as fast as it is answered."""
    with ExitStack() as stack, ThreadPoolExecutor(CONNECTIONS) as pool:
        lines = [stack.enter_context(_connected(port)) for _ in range(CONNECTIONS)]
        begun = time.perf_counter()
        parts = list(pool.map(lambda n: _send(posts[n::CONNECTIONS], lines[n]), range(CONNECTIONS)))
        duration = time.perf_counter() - begun
    answers = [answer for part in parts for answer in part]
    return Sent([status for status, _ in answers], [seconds for _, seconds in answers], duration)


def _connected(port: int) -> socket.socket:
    """A connection that some process has taken: when many come at once, the first that wakes takes them all."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    _status(connection)
    return connection


def _send(posts: Sequence[bytes], connection: socket.socket) -> list[tuple[int, float]]:
    answers = []
    for post in posts:
        begun = time.perf_counter()
        connection.sendall(post)
        answers.append((_status(connection), time.perf_counter() - begun))
    return answers


def _status(connection: socket.socket) -> int:
    """The status of one answer; none of them has a body worth reading."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        if not (more := connection.recv(65536)):
            raise ConnectionError("the server hung up")
        answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    wanted = next((line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0")
    while len(body) < int(wanted):
        body += connection.recv(65536)
    return int(head[9:12])
