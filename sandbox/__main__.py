"""``python -m sandbox``: see ``--help``."""

import argparse
import re
import signal
import sys
import time

from sandbox.core import Sandbox, Settings
from sandbox.server import Server


def main() -> None:
    """Parse the command line, listen, print one line, serve until SIGTERM or SIGINT."""
    options = _parser().parse_args()
    try:
        settings = Settings(
            secret_key=options.secret_key,
            publishable_key=options.publishable_key,
            data=options.data,
            strict=options.strict,
            start_at=options.start_at,
            webhook_url=options.webhook_url,
            webhook_secret=options.webhook_secret,
            seller_country=options.seller_country,
        )
        server = Server(Sandbox(settings), options.host, options.port)
    except (ValueError, OSError) as problem:
        sys.exit(f"sandbox: {problem}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    sys.stdout.write(f"sandbox: Stripe {server.box.contract.version} on {server.url}\n")
    sys.stdout.flush()
    server.run()


def start_instant(text: str) -> int:
    """``1700000000`` or ``-92d`` (that long before now) as unix seconds."""
    match = re.fullmatch(r"-(\d+)d", text)
    return int(time.time()) - int(match[1]) * 86400 if match else int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sandbox", description="A stateful Stripe on this machine.")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--data", metavar="FILE", help="SQLite file that keeps the state; in memory without it")
    parser.add_argument("--secret-key", default=Settings.secret_key)
    parser.add_argument("--publishable-key", default=Settings.publishable_key)
    parser.add_argument("--webhook-url", help="register this endpoint for all events")
    parser.add_argument("--webhook-secret", help="its signing secret (whsec_…); made up when missing")
    parser.add_argument(
        "--start-at", type=start_instant, metavar="UNIX|-92d", help="where the clock of an empty store starts"
    )
    parser.add_argument(
        "--seller-country", metavar="DE", default=Settings.seller_country, help="where the seller pays tax"
    )
    parser.add_argument("--strict", action="store_true", help="check every answer against the contract")
    return parser


def _leave(*_: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
