"""The demo as an operator runs it: one command, then only what it printed for tools."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from typing import Any

from portal.services.child import Child
from portal.services.ports import free_port, responds
from portal.services.supervisor import Supervisor
from tests.helpers import Mailbox, Sandbox, until


@dataclass(frozen=True)
class Demo:
    """A running demo, attached to by its `env` file."""

    home: Path
    env: dict[str, str]

    @property
    def url(self) -> str:
        return self.env["PORTAL_URL"]

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.env["SANDBOX_URL"])

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.env["MAILBOX_URL"], self.home / "mail")

    def link_mailed_to(self, email: str, path: str) -> str:
        """The first address with this path in the mails to somebody, once one has arrived."""

        def links() -> list[str]:
            return [word for mail in self.mailbox.to(email) for word in mail["text"].split() if path in word]

        until(links, f"a mail with {path} to {email}")
        return links()[0]

    def subscriptions_of(self, email: str) -> list[dict[str, Any]]:
        """All that Stripe has for this customer, in whatever state."""
        return self._of(email, "subscriptions", status="all")

    def charges_of(self, email: str) -> list[dict[str, Any]]:
        """The charges that went through."""
        return [charge for charge in self._of(email, "charges") if charge["status"] == "succeeded"]

    def _of(self, email: str, what: str, **filters: str) -> list[dict[str, Any]]:
        (customer,) = self.sandbox.objects("customers", email=email)
        return self.sandbox.objects(what, customer=customer["id"], **filters)


@contextmanager
def running(home: Path) -> Iterator[Demo]:
    """A fresh demo below `home`, ended by Ctrl-C; it ends with us however we end."""
    port, env = free_port(), home / "env"
    child = Child(
        name="demo",
        command=[sys.executable, "-m", "portal", "demo", "--port", str(port), "--home", home, "--reset"],
        before=lambda: env.unlink(missing_ok=True),  # of a run that was killed
        ready=lambda: env.exists() and responds(f"http://127.0.0.1:{port}/healthz"),
        ready_within=120.0,
        stop_signal=SIGINT,
        grace=20.0,
    )
    with Supervisor(home.parent / "logs") as supervisor:
        supervisor.start(child)
        yield Demo(home, dict(line.split("=", 1) for line in env.read_text().splitlines()))
