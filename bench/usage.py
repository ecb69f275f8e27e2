"""How fast usage is counted, and what a check costs: ``python -m bench.usage`` prints a table.

It starts services of its own. A POST is answered when its events are checked, kept and added up; beside it stands what the
database can do at best: a plain COPY into a table with the same key, in turns, on whatever the machine is doing just then.
"""

import argparse
import json
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from statistics import median
from typing import Any

import psycopg
from flask import Flask

from app import create_app
from app.api_keys import service as keys
from app.core.config import load
from app.core.extensions import db
from app.organizations.models import Organization
from app.usage import service
from bench.inbox import sending
from bench.inbox.world import World, world
from portal.services.supervisor import Supervisor

METER = "api_calls"
ROUNDS = 5
A_ROUND = 20_000
SIZES = (100, 1000)
FEW, MANY = 10**3, 10**6
CHECKS = 300

Row = tuple[str, str, str]


class Sender:
    """An organization's program: it reports batches of events over kept connections."""

    def __init__(self, world: World, app: Flask) -> None:
        self.port = world.stack.port
        with app.app_context():
            organization = Organization(name="Bench")
            db.session.add(organization)
            db.session.flush()
            _, self._secret = keys.create(organization, "Bench", ["usage:write"])
            db.session.commit()
            self.organization_id = organization.id

    def posts(self, size: int) -> list[bytes]:
        """A round of new events in batches of `size`."""
        return [self._post([_event() for _ in range(size)]) for _ in range(A_ROUND // size)]

    def _post(self, batch: list[dict[str, object]]) -> bytes:
        body = json.dumps(batch)
        lines = (
            "POST /api/v1/usage/events HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Content-Type: application/json",
            f"Authorization: Bearer {self._secret}",
            f"Content-Length: {len(body)}",
        )
        return "\r\n".join([*lines, "", body]).encode()

    def rate(self, posts: list[bytes]) -> float:
        """Events per second."""
        sent = sending.send(posts, self.port)
        if sent.refused:
            raise RuntimeError(f"{sent.refused} of {len(posts)} requests were refused")
        return A_ROUND / sent.duration


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.usage", description=__doc__)
    parser.parse_args()
    with world() as made:
        # Machine time for all: outside of a demo nobody asks a sandbox for the time.
        environment = {name: value for name, value in made.stack.environment().items() if name != "CLOCK_URL"}
        app = create_app(load(environment | {"LOG_LEVEL": "warning"}))
        sender = Sender(made, app)
        web = replace(made.stack.portal()[0], env=environment)
        with Supervisor(made.stack.home / "logs") as supervisor:
            supervisor.start(web)
            show(("what", "asked", "measured"))
            for row in counting(made, sender):
                show(row)
        for row in checks(made, app):
            show(row)


def show(row: Row) -> None:
    sys.stdout.write(f"{row[0]:<74}{row[1]:>12}  {row[2]}\n")
    sys.stdout.flush()


def counting(world: World, sender: Sender) -> Iterator[Row]:
    """Rounds of each kind in turns; the first, which warms everything up, does not count.

    A POST is one transaction, so beside POSTs of a size stands COPY of the same size.
    """
    rates: dict[str, list[float]] = defaultdict(list)
    with world.database() as connection:
        connection.execute("CREATE TABLE copied (LIKE usage_events INCLUDING ALL)")
        for _ in range(ROUNDS + 1):
            for size in SIZES:
                posts = sender.posts(size)
                rates[f"COPY of {size:,}"].append(copy_rate(connection, sender.organization_id, size))
                rates[f"POSTs of {size:,}"].append(sender.rate(posts))
                rates[f"POSTs of {size:,}, repeated"].append(sender.rate(posts))
    found = {name: median(each[1:]) for name, each in rates.items()}
    for name, rate in found.items():
        yield f"{name}, events per second", "", f"{rate:,.0f}"
    for size in SIZES:
        new = found[f"POSTs of {size:,}"]
        for copied in SIZES:
            asked = ">= 0.2" if size == copied else ""
            yield f"POSTs of {size:,} to COPY of {copied:,}", asked, f"{new / found[f'COPY of {copied:,}']:.2f}"
        yield f"repeated POSTs of {size:,} to new ones", ">= 0.9", f"{found[f'POSTs of {size:,}, repeated'] / new:.2f}"


def copy_rate(connection: "psycopg.Connection[Any]", organization_id: int, size: int) -> float:
    """Rows per second, each batch of `size` committed on its own."""
    batches = ["".join(_line(organization_id) for _ in range(size)).encode() for _ in range(A_ROUND // size)]
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        for batch in batches:
            with cursor.copy("COPY copied FROM STDIN") as copy:
                copy.write(batch)
    return A_ROUND / (time.perf_counter() - begun)


def _event() -> dict[str, object]:
    return {"id": secrets.token_hex(12), "meter": METER, "quantity": 1}


def _line(organization_id: int) -> str:
    return f"{organization_id}\t{secrets.token_hex(12)}\t{METER}\t1\t2026-11-21 20:00:00+00\tf\n"


def checks(world: World, app: Flask) -> Iterator[Row]:
    """How an organization stands with a meter: one of few events and one of many, asked in turns."""
    with app.app_context():
        asked = {events: Organization(name=f"{events:,} events") for events in (FEW, MANY)}
        db.session.add_all(asked.values())
        db.session.commit()
        for events, organization in asked.items():
            _fill(world, organization.id, events)
            service.count(organization, [service.NewEvent("counted", METER, Decimal(events))])
            db.session.commit()
        taken: dict[int, list[float]] = {FEW: [], MANY: []}
        for _ in range(CHECKS):
            for events, organization in asked.items():
                taken[events].append(_milliseconds(organization))
    few, many = median(taken[FEW]), median(taken[MANY])
    yield f"a check of one with {FEW:,} events, ms", "", f"{few:.2f}"
    yield f"a check of one with {MANY:,} events, ms", "", f"{many:.2f}"
    yield "… to each other", "<= 1.5", f"{many / few:.2f}"


def _fill(world: World, organization_id: int, events: int) -> None:
    """Give an organization so many events."""
    many = "SELECT %s, 'x' || n, %s, 1, now(), false FROM generate_series(1, %s) n"
    with world.database() as connection:
        connection.execute(f"INSERT INTO usage_events {many}", (organization_id, METER, events))
        connection.execute("VACUUM ANALYZE usage_events")


def _milliseconds(organization: Organization) -> float:
    begun = time.perf_counter()
    service.standing(organization, METER)
    taken = 1000 * (time.perf_counter() - begun)
    db.session.commit()
    return taken


if __name__ == "__main__":
    main()
