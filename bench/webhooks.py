"""How fast events of Stripe's are taken in and applied: ``python -m bench.webhooks`` prints a table.

It starts services of its own. Ours is measured beside what one would write instead, under the same server, in turns, on
whatever the machine is doing at the time: the ratios say more than the rates, and processor time more than the clock.
"""

import argparse
import sys
from collections.abc import Iterator

from app import create_app
from app.core.config import load
from bench.inbox import applying, burst, doorman
from bench.inbox.world import World, world

Row = tuple[str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.webhooks", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000, help="events of the burst (default 10,000)")
    parser.add_argument("--customers", type=int, default=500, help="customers they are about (default 500)")
    parser.add_argument(
        "--memory", type=int, default=20_000, help="events to watch memory over afterwards (default 20,000)"
    )
    options = parser.parse_args()
    with world() as made:
        for name, asked, found in rows(made, options):
            sys.stdout.write(f"{name:<74}{asked:>12}  {found}\n")
            sys.stdout.flush()


def rows(made: World, options: argparse.Namespace) -> Iterator[Row]:
    yield "what", "asked", "measured"
    yield from burst.rows(made, options.customers, options.events, options.memory)
    app = create_app(load(made.stack.environment() | {"LOG_LEVEL": "warning"}))
    some = made.subscribers(100)
    yield from applying.rows(made, some, app)
    yield from doorman.rows(made, some)
    yield from doorman.costs(made, some, app)


if __name__ == "__main__":
    main()
