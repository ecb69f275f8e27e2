"""A deadline on a whole call. The timeout of a socket is for one read, and an answer that drips begins it anew each second."""

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import urllib3
from requests import Session
from requests.adapters import HTTPAdapter

_ends: ContextVar[float | None] = ContextVar("when the call under way must be over", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever is read over a `session` in this block is read within `seconds` of machine time, all of it together."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def left() -> float:
    """Seconds until the call under way must be over; endless without a deadline."""
    ends = _ends.get()
    return float("inf") if ends is None else ends - time.monotonic()


def session() -> Session:
    """An HTTP session that keeps to the deadline."""
    made = Session()
    made.mount("https://", _Adapter())
    made.mount("http://", _Adapter())
    return made


class _Reads(io.RawIOBase):
    """What arrives on a socket, with no more patience for each piece than is left for the whole."""

    def __init__(self, sock: socket.socket, inner: io.RawIOBase) -> None:
        self._sock, self._inner = sock, inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = left()
        if seconds <= 0:
            raise TimeoutError("the deadline of the call")
        patience = self._sock.gettimeout()
        if seconds < (patience if patience is not None else float("inf")):
            self._sock.settimeout(seconds)
        return self._inner.readinto(buffer)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Reply(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw: Any = self.fp
        self.fp = io.BufferedReader(_Reads(sock, raw.detach()))


class _Plain(urllib3.connection.HTTPConnection):
    response_class = _Reply


class _Secure(urllib3.connection.HTTPSConnection):
    response_class = _Reply


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
