"""A mail catcher: an SMTP server on 127.0.0.1 that keeps every mail and delivers none.

python -m portal.services.mail --port 2525 --dir mails
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.services import messages
from portal.services.child import Child
from portal.services.ports import answers, kept_port

LARGEST = 25_000_000  # bytes; what large mail hosts accept


class Mail:
    """The catcher with its mails below `home`."""

    def __init__(self, home: Path) -> None:
        """Keep or choose a port; starts no server."""
        self.directory = home.resolve() / "messages"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = kept_port(home / "port")

    def child(self) -> Child:
        """The server, as the supervisor runs it."""
        return Child(
            name="mail",
            command=[sys.executable, "-m", __name__, "--port", str(self.port), "--dir", self.directory],
            ready=lambda: answers(self.port),
        )


class Catcher:
    """What aiosmtpd calls for each mail."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Say 250 only once the mail is on disk."""
        messages.save(self._directory, envelope.rcpt_tos, envelope.original_content or b"")
        return "250 Caught"


async def serve(port: int, directory: Path) -> None:
    """Catch mails until SIGTERM or SIGINT."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)

    def conversation() -> SMTP:
        return SMTP(Catcher(directory), data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="localhost", loop=loop)

    server = await loop.create_server(conversation, "127.0.0.1", port)
    await stopped.wait()
    server.close()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m portal.services.mail", description="Catch mails on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True, help="where each mail is kept as a file")
    arguments = parser.parse_args()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(arguments.port, arguments.dir.resolve()))


if __name__ == "__main__":
    main()
