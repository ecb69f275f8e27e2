"""A TCP proxy in front of everything the portal talks to, which can be told to spoil the conversation.

    python -m faults.proxy CONTROL NAME=LISTEN:TARGET[,TARGET…] …

Each door listens on a port of 127.0.0.1 and passes on to its targets in turn. The control port takes one JSON object per
line, `{"door": "redis", "kind": "delay", "seconds": 2}`, and answers how often the fault struck before.

| kind | what happens to a connection |
| --- | --- |
| pass | nothing |
| delay | each piece waits `seconds`, both ways |
| drip | answers come at `rate` bytes per second |
| blackhole | is accepted, and nothing moves either way; what was swallowed arrives when the fault ends |
| refuse | nobody listens; those that are open are reset |
| reset | is reset, those that are open as well |
| cut | is reset after `after` bytes of answer, counted from the beginning of the fault |

`count` (null: for ever) is how many connections reset and cut strike.
"""

import asyncio
import contextlib
import json
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

PIECE = 16_384
NO_LINGER = struct.pack("ii", 1, 0)  # close() sends RST instead of FIN (socket(7))


@dataclass
class Fault:
    """What a door does at present."""

    kind: str = "pass"
    seconds: float = 0.0
    rate: float = 1.0
    after: int = 0
    count: int | None = None
    struck: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self) -> bool:
        """Whether one more connection meets it, which is counted."""
        if self.count is not None and self.struck >= self.count:
            return False
        self.struck += 1
        return True


@dataclass(eq=False)
class Pair:
    """One connection and its other half behind the door."""

    client: asyncio.StreamWriter
    target: asyncio.StreamWriter | None = None
    fault: Fault | None = None  # the one `answered` belongs to
    answered: int = 0

    def reset(self) -> None:
        for writer in filter(None, (self.client, self.target)):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            writer.transport.abort()


class Door:
    """One listening port and where it leads."""

    def __init__(self, port: int, targets: list[int]) -> None:
        self._port, self._targets = port, targets
        self._fault = Fault()
        self._pairs: set[Pair] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def spoil(self, fault: Fault) -> int:
        """Replace the present fault; answers how often that one struck."""
        before, self._fault = self._fault, fault
        before.ended.set()
        if fault.kind == "refuse" and self._server is not None:
            self._server.close()
            self._server = None
        elif fault.kind != "refuse" and self._server is None:
            await self.open()
        if fault.kind in ("refuse", "reset"):
            for pair in list(self._pairs):
                if fault.strikes():
                    pair.reset()
        return before.struck

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = Pair(writer)
        self._pairs.add(pair)
        try:
            if self._fault.kind == "reset" and self._fault.strikes():
                pair.reset()
                return
            while self._fault.kind == "blackhole":
                await self._fault.ended.wait()
            await self._connect(pair, reader)
        finally:
            self._pairs.discard(pair)
            for end in filter(None, (pair.client, pair.target)):
                end.close()

    async def _connect(self, pair: Pair, reader: asyncio.StreamReader) -> None:
        for _target in self._targets:
            self._targets.append(target := self._targets.pop(0))
            with contextlib.suppress(OSError):
                answers, pair.target = await asyncio.open_connection("127.0.0.1", target)
                break
        if pair.target is None:
            pair.reset()
            return
        there = asyncio.ensure_future(self._pump(reader, pair.target, self._hold))
        with contextlib.suppress(OSError):
            await self._pump(answers, pair.client, lambda piece: self._answer(pair, piece))
        there.cancel()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await there

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, meet: Callable[[bytes], Awaitable[bytes]]
    ) -> None:
        while piece := await reader.read(PIECE):
            writer.write(await meet(piece))
            await writer.drain()
        await self._hold(b"")
        writer.write_eof()

    async def _hold(self, piece: bytes) -> bytes:
        while self._fault.kind == "blackhole":
            await self._fault.ended.wait()
        if self._fault.kind == "delay":
            await asyncio.sleep(self._fault.seconds)
        return piece

    async def _answer(self, pair: Pair, piece: bytes) -> bytes:
        await self._hold(piece)
        fault = self._fault
        if fault.kind == "drip":
            await self._drip(pair.client, piece, fault)
            return b""
        if fault.kind == "cut":
            return await self._cut(pair, piece, fault)
        return piece

    @staticmethod
    async def _drip(client: asyncio.StreamWriter, piece: bytes, fault: Fault) -> None:
        for position in range(len(piece)):
            if fault.ended.is_set():
                client.write(piece[position:])
                return
            client.write(piece[position : position + 1])
            await client.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(fault.ended.wait(), 1 / fault.rate)

    @staticmethod
    async def _cut(pair: Pair, piece: bytes, fault: Fault) -> bytes:
        if pair.fault is not fault:
            pair.fault, pair.answered = fault, 0
        left = fault.after - pair.answered
        pair.answered += len(piece)
        if len(piece) < left or not fault.strikes():
            return piece
        pair.client.write(piece[: max(left, 0)])
        await pair.client.drain()
        await asyncio.sleep(0.01)  # a reset overtakes what still lies in the buffer
        pair.reset()
        raise ConnectionResetError


async def serve(control: int, doors: dict[str, Door]) -> None:
    """Open the doors and obey until killed."""

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wish = json.loads(await reader.readline())
        struck = await doors[wish.pop("door")].spoil(Fault(**wish))
        writer.write(json.dumps({"struck": struck}).encode() + b"\n")
        writer.close()

    for door in doors.values():
        await door.open()
    server = await asyncio.start_server(obey, "127.0.0.1", control)
    await server.serve_forever()


def main() -> None:
    """Read the arguments and serve."""
    control, *words = sys.argv[1:]
    doors = {}
    for word in words:
        name, _, ports = word.partition("=")
        port, _, targets = ports.partition(":")
        doors[name] = Door(int(port), [int(target) for target in targets.split(",")])
    asyncio.run(serve(int(control), doors))


if __name__ == "__main__":
    main()
