"""The doors of a house: where they are, and how they are told to spoil a conversation."""

import json
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.services.child import Child
from portal.services.ports import answers, kept_port

TIMEOUT_SECONDS = 10


class Doors:
    """`places` says for each name its port (None: a free one) and the ports behind it."""

    def __init__(self, home: Path, places: Mapping[str, tuple[int | None, Sequence[int]]]) -> None:
        self._control = kept_port(home / "doors-port")
        self.ports = {name: port or kept_port(home / f"door-{name}-port") for name, (port, _) in places.items()}
        self._targets = {name: targets for name, (_, targets) in places.items()}

    def child(self) -> Child:
        """The proxy, as the supervisor runs it."""
        words = [f"{name}={port}:{','.join(map(str, self._targets[name]))}" for name, port in self.ports.items()]
        command = [sys.executable, "-m", "faults.proxy", str(self._control), *words]
        return Child("doors", command, ready=lambda: answers(self._control))

    def through(self, name: str, address: str, port: int) -> str:
        """An address whose port is replaced by that of a door."""
        return address.replace(f":{port}/", f":{self.ports[name]}/")

    def tell(self, name: str, **fault: Any) -> int:
        """Replace what a door does; answers how many connections the fault before it struck."""
        with (
            socket.create_connection(("127.0.0.1", self._control), TIMEOUT_SECONDS) as line,
            line.makefile("rw") as words,
        ):
            words.write(json.dumps({"door": name, **fault}) + "\n")
            words.flush()
            return int(json.loads(words.readline())["struck"])
