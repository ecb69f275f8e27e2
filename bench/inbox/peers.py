"""What one would write without an inbox like ours, each a view of one route: the peers that ours is measured against.

`python -m bench.inbox.peers VIEW PORT` serves one of them as `portal web` serves ours. All verify the signature; on top of
that `insert` writes the event down by hand-written SQL, into a table with the columns and indexes of ours, and `enqueue`
puts a job into the queue for each event as well.
"""

import json
import os
import sys
import threading

import psycopg
import stripe
from flask import Flask, request
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from portal.web import serve

TABLE = "inbox_of_a_peer"
MAKE_TABLE = f"CREATE TABLE IF NOT EXISTS {TABLE} (LIKE inbox_events INCLUDING ALL)"
INSERT = f"""
    INSERT INTO {TABLE} (event_id, type, object_type, object_id, payload, state, created_at, received_at, attempts)
    VALUES (%s, %s, %s, %s, %s, 'received', to_timestamp(%s), now(), 0) ON CONFLICT DO NOTHING
"""
_local = threading.local()


def verify() -> Flask:
    """Nothing but the signature: the limit."""
    return _view(write=False, enqueue=False)


def insert() -> Flask:
    return _view(write=True, enqueue=False)


def enqueue() -> Flask:
    """The usual way, and the floor."""
    return _view(write=True, enqueue=True)


def _view(*, write: bool, enqueue: bool) -> Flask:
    app, secret = Flask(__name__), os.environ["STRIPE_WEBHOOK_SECRET"]
    queue = Queue("peer", connection=Redis.from_url(os.environ["REDIS_URL"]), serializer=JSONSerializer)

    @app.post("/webhooks/stripe")
    def receive() -> tuple[str, int]:
        text = request.get_data(cache=False).decode()
        stripe.WebhookSignature.verify_header(text, request.headers["Stripe-Signature"], secret, 300)
        if write:
            event = json.loads(text)
            told = event["data"]["object"]
            values = (event["id"], event["type"], told["object"], told["id"], text, event["created"])
            _connection().execute(INSERT, values)
            if enqueue:
                queue.enqueue("peer.handle", event["id"], result_ttl=0)
        return "", 200

    return app


def _connection() -> "psycopg.Connection[object]":
    if not hasattr(_local, "connection"):
        address = os.environ["DATABASE_URL"].replace("+psycopg", "")
        _local.connection = psycopg.connect(address, autocommit=True)
    return _local.connection


if __name__ == "__main__":
    serve(f"bench.inbox.peers:{sys.argv[1]}", "127.0.0.1", int(sys.argv[2]), os.cpu_count() or 1, 3)
