"""``python -m sandbox``: see ``--help``."""

import argparse
import re
import signal
import sys
import time

from sandbox.core import Sandbox, Settings
from sandbox.server import Server
from sandbox.wishes import LATEST

MOST_PORTS = 65535


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
    """``1700000000`` or ``92d`` (that long before now; ``-92d`` is the same) as unix seconds."""
    match = re.fullmatch(r"-?([0-9]{1,6})d|([0-9]{1,12})", text)
    instant = -1 if match is None else int(match[2] or time.time() - int(match[1]) * 86400)
    if not 0 <= instant <= LATEST:
        raise argparse.ArgumentTypeError(
            f"{text} is neither so many days ago, like 92d, nor a unix time, like 1800000000"
        )
    return instant


def port(text: str) -> int:
    """Where to listen; 0 takes a free one."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > MOST_PORTS:
        raise argparse.ArgumentTypeError(f"{text} is no number from 0 to {MOST_PORTS}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sandbox", description="A stateful Stripe on this machine.")
    parser.add_argument("--port", type=port, default=12111, help="0 takes a free one (default: 12111)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--data", metavar="FILE", help="SQLite file that keeps the state; in memory without it")
    parser.add_argument("--secret-key", default=Settings.secret_key)
    parser.add_argument("--publishable-key", default=Settings.publishable_key)
    parser.add_argument("--webhook-url", help="register this endpoint for all events")
    parser.add_argument("--webhook-secret", help="its signing secret (whsec_…); made up when missing")
    parser.add_argument(
        "--start-at",
        type=start_instant,
        metavar="UNIX|92d",
        help="where the clock of an empty store starts: so long ago, or then",
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
