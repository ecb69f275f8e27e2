"""Port numbers on 127.0.0.1: a free one, one kept from the last time, and whether somebody answers there."""

import http.client
import random
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

# Below the range from which Linux and macOS take the near end of outgoing connections: while a service is being started again,
# no client can sit on its number.
NUMBERS = range(20_000, 32_000)

_claims: dict[int, socket.socket] = {}


def free_port() -> int:
    """A port nobody listens on and no other Counterfoil on this machine was given. OSError when there is none."""
    for port in random.sample(NUMBERS, k=1_000):
        if port not in _claims and is_free(port) and _claim(port):
            return port
    raise OSError("No free port between 20000 and 31999 was found.")


def kept_port(file: Path) -> int:
    """The port named in `file` if it is still free, otherwise a new one, written there."""
    try:
        port = int(file.read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    if port not in NUMBERS or not is_free(port) or not (port in _claims or _claim(port)):
        port = free_port()
        file.write_text(f"{port}\n")
    return port


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now (connections that are only fading away do not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def responds(url: str, host: str | None = None) -> bool:
    """Whether a GET of an http address on this machine is answered below status 400 within a second; asks no proxy.

    `host` is what the request says in `Host` when that is not the address itself.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=1)
    try:
        connection.request("GET", parts.path or "/", headers={"Host": host or parts.netloc})
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _claim(port: int) -> bool:
    """Hold the number until this process ends, because the service binds it only later.

    The claim is a socket name in Linux' abstract namespace: seen by all users of this network namespace, gone with us.
    """
    if not sys.platform.startswith("linux"):
        return True
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0counterfoil-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims[port] = claim
    return True
