"""Everything a running portal consists of, on one machine: services, the sandbox, and the portal's own processes."""

import secrets
import sys
from pathlib import Path

from portal.demo.mailbox import Mailbox
from portal.services.child import Child
from portal.services.mail import Mail
from portal.services.ports import kept_port, responds
from portal.services.postgres import Postgres
from portal.services.redis import Redis

DATABASE = "counterfoil"
# Three renewals and a few days ago: the history of the demo ends about today.
SANDBOX_STARTS_AT = "-97d"


class Stack:
    """The children below `home` and how they find each other. Starts nothing itself.

    `durable=False` is for tests. ServiceError when this machine lacks something.
    """

    def __init__(self, home: Path, port: int, *, durable: bool = True) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.port = home, port
        self.url = f"http://127.0.0.1:{port}"
        self.postgres = Postgres(home / "postgres", durable=durable)
        self.redis = Redis(home / "redis", durable=durable)
        self.mail = Mail(home / "mail")
        self.mailbox = Mailbox(home / "mail", self.mail.directory)
        self.sandbox_port = kept_port(home / "sandbox-port")
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self.traffic_key = home / "traffic-key"
        self.secret_key = _kept_secret(home / "secret-key", "")
        self.webhook_secret = _kept_secret(home / "webhook-secret", "whsec_")
        self.stripe_secret_key, self.stripe_publishable_key = "sk_test_sandbox", "pk_test_sandbox"

    def services(self) -> list[Child]:
        """What the portal stands on, as it is outside of our hands in production."""
        return [self.postgres.child(), self.redis.child(), self.mail.child(), self.mailbox.child(), self._sandbox()]

    def portal(self) -> list[Child]:
        """The portal's own processes: web, the short work, the documents, the clock."""
        return [
            self.process("web", "web", "--port", str(self.port), ready=self.url + "/healthz"),
            self.process("worker", "worker", "webhooks", "mail", "default"),
            self.process("documents", "worker", "documents"),
            self.process("clock", "clock"),
        ]

    def traffic(self) -> Child:
        """A service of a customer that reports usage, with the key in `traffic_key`; the portal does not know it."""
        return Child("traffic", [sys.executable, "-m", "portal.demo.traffic", self.url, self.traffic_key])

    def environment(self) -> dict[str, str]:
        """The settings of the portal, as variables."""
        return {
            "DATABASE_URL": self.postgres.url(DATABASE),
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": self.secret_key,
            "PUBLIC_URL": self.url,
            "STRIPE_MODE": "sandbox",
            "STRIPE_SECRET_KEY": self.stripe_secret_key,
            "STRIPE_PUBLISHABLE_KEY": self.stripe_publishable_key,
            "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
            "STRIPE_API_BASE": self.sandbox_url,
            "STRIPE_JS_URL": f"{self.sandbox_url}/stripe.js",
            "CLOCK_URL": f"{self.sandbox_url}/_sandbox/clock",
            "SMTP_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "MAIL_FROM": "Counterfoil <billing@counterfoil.example>",
            "SUPPORT_EMAIL": "support@counterfoil.example",
            "SELLER_NAME": "Counterfoil Demo Ltd",
            "SELLER_ADDRESS": "12 Ledger Lane\\nLondon EC2V 7NQ\\nUnited Kingdom",
            "SELLER_TAX_ID": "GB 123 4567 89",
            "DOCUMENTS_DIR": str((self.home / "documents").resolve()),
        }

    def process(self, name: str, *words: str, ready: str | None = None) -> Child:
        """One process of the portal: `portal <words>`, ready when the address `ready` answers."""
        return Child(
            name=name,
            command=[sys.executable, "-m", "portal", *words],
            env=self.environment(),
            ready=(lambda: responds(ready)) if ready else (lambda: True),
            grace=10.0,
        )

    def _sandbox(self) -> Child:
        (self.home / "sandbox").mkdir(exist_ok=True)
        options = {
            "--port": str(self.sandbox_port),
            "--data": str(self.home / "sandbox" / "stripe.db"),
            "--secret-key": self.stripe_secret_key,
            "--publishable-key": self.stripe_publishable_key,
            "--webhook-url": f"{self.url}/webhooks/stripe",
            "--webhook-secret": self.webhook_secret,
            "--start-at": SANDBOX_STARTS_AT,
        }
        words = [f"{name}={value}" for name, value in options.items()]
        ready = f"{self.sandbox_url}/_sandbox/clock"
        return Child("sandbox", [sys.executable, "-m", "sandbox", "--strict", *words], ready=lambda: responds(ready))


def _kept_secret(file: Path, prefix: str) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(prefix + secrets.token_hex(32))
    return file.read_text()
