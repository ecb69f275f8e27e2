"""How fast events are taken in: ours beside its peers, in turns, under the same server."""

import sys
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from flask import Flask
from sqlalchemy import event

from app.core.extensions import db
from portal.services.child import Child
from portal.services.ports import answers, free_port
from portal.services.supervisor import Supervisor

from . import peers, processes, sending
from .world import Template, World

PEERS = ("verify", "insert", "enqueue")
OURS = "web"
ROUNDS = 7
A_ROUND = 600
Row = tuple[str, str, str]


class Taken(NamedTuple):
    """Events per second, by the clock (the median of the rounds) and of the server's processor time."""

    wall: float
    processor: float
    refused: int


def rows(world: World, templates: list[Template]) -> Iterator[Row]:
    """What is measured, asked and found."""
    taken = measure(world, templates)
    names = {
        "verify": "bare view: signature (the limit)",
        "insert": "… + INSERT",
        "enqueue": "… + a job each (the floor)",
    }
    for name, words in (names | {OURS: "ours"}).items():
        one = taken[name]
        yield f"{words}, events per second", "", f"{one.wall:.0f}"
        yield f"{words}, per second of its processor time", "", f"{one.processor:.0f}"
    ours = taken[OURS]
    for asked, name, words in ((1.3, "enqueue", "the floor"), (0.85, "insert", "the INSERT view")):
        peer = taken[name]
        found = f"{ours.wall / peer.wall:.2f}  ({ours.processor / peer.processor:.2f} by processor time)"
        yield f"ours to {words}", f">= {asked}", found
    yield "refused by any of them", "0", str(sum(one.refused for one in taken.values()))


def measure(world: World, templates: list[Template]) -> dict[str, Taken]:
    """Servers run side by side and are asked in turns, so that a busy machine is as busy for all of them."""
    ports = {name: free_port() for name in PEERS} | {OURS: world.stack.port}
    with world.database() as connection:
        connection.execute(peers.MAKE_TABLE)
    with world.running(OURS) as portal, Supervisor(world.stack.home / "logs") as beside:
        beside.start(*(_child(world, name, ports[name]) for name in PEERS))
        sessions = {name: beside.pid(name) for name in PEERS} | {OURS: portal.pid(OURS)}
        return _in_turns(world, templates, ports, sessions)


def _in_turns(
    world: World, templates: list[Template], ports: dict[str, int], sessions: dict[str, int]
) -> dict[str, Taken]:
    rates: dict[str, list[float]] = {name: [] for name in ports}
    spent, refused = dict.fromkeys(ports, 0.0), dict.fromkeys(ports, 0)
    for turn in range(ROUNDS + 1):
        for name, port in ports.items():
            posts = sending.requests(templates, A_ROUND, world.stack.webhook_secret, port)
            before = processes.processor_seconds(sessions[name])
            sent = sending.send(posts, port)
            refused[name] += sent.refused
            if turn:  # the first is for warming up
                rates[name].append(sent.rate)
                spent[name] += processes.processor_seconds(sessions[name]) - before
    return {name: Taken(median(rates[name]), ROUNDS * A_ROUND / spent[name], refused[name]) for name in ports}


def _child(world: World, name: str, port: int) -> Child:
    command = [sys.executable, "-m", "bench.inbox.peers", name, str(port)]
    return Child(name=name, command=command, env=world.stack.environment(), ready=lambda: answers(port))


def costs(world: World, templates: list[Template], app: Flask) -> Iterator[Row]:
    """What one event asks of the database and of Stripe."""
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    client, before = app.test_client(), world.calls()
    amount = 50
    for post in sending.requests(templates, amount, world.stack.webhook_secret, world.stack.port):
        head, _, body = post.partition(b"\r\n\r\n")
        signature = next(line for line in head.decode().split("\r\n") if line.startswith("Stripe-Signature"))
        headers = {"Stripe-Signature": signature.partition(": ")[2], "Host": f"127.0.0.1:{world.stack.port}"}
        assert client.post("/webhooks/stripe", data=body, headers=headers).status_code == 200
    yield "statements per event", "1", f"{len(statements) / amount:.2f}"
    yield "calls to Stripe per event", "0", f"{(world.calls() - before) / amount:.2f}"
