"""The server below the API: connections that are kept, and those that are given up."""

import socket
from urllib.parse import urlsplit

from sandbox.serving import WsgiHandler, WsgiServer


def test_an_idle_connection_is_closed_without_a_word(url, monkeypatch):
    faults = []
    monkeypatch.setattr(WsgiHandler, "timeout", 0.02)
    monkeypatch.setattr(WsgiServer, "handle_error", lambda *_: faults.append("told"))
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as wire:
        assert wire.recv(1) == b""
    assert faults == []
