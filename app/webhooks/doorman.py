"""The doorman: verify, write down, ring the bell, say thank you.

He stands before the application, because a burst of events must cost no more than it has to: of what is done around a
page (session, form tokens, languages, limits, headers, a line in the log) an event needs nothing. What he has taken in
stands in the inbox; what he refuses is logged.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from app.core.database import UNAVAILABLE
from app.core.extensions import db
from app.core.failpoints import failpoint
from app.core.logs import log
from app.core.tasks import Ringer
from app.gateway import events

from . import service
from .models import EventState, InboxEvent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/webhooks/stripe"
MAX_BYTES = 512 * 1024

Answer = tuple[str, str]
THANKS = ("200 OK", "")


class TooLarge(Exception):
    """More than any event of Stripe's."""


class Doorman:
    """POST /webhooks/stripe: 200 once the event is committed to the inbox, 400 without a row for what is not Stripe's."""

    def __init__(self, app: Flask, inside: "WSGIApplication") -> None:
        self._app, self._inside, self._ringer = app, inside, Ringer("webhooks")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            return self._inside(environ, start_response)
        with self._app.app_context():
            status, words = self._answer(environ)
        body = words.encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response(status, [*headers, ("Allow", "POST")] if status.startswith("405") else headers)
        return [body]

    def _answer(self, environ: "WSGIEnvironment") -> Answer:
        if environ["REQUEST_METHOD"] != "POST":
            return "405 Method Not Allowed", ""
        try:
            self._take_in(_body(environ), environ.get("HTTP_STRIPE_SIGNATURE", ""))
        except TooLarge:
            return "413 Content Too Large", ""
        except events.BadEvent as error:
            log.warning("webhook refused", reason=str(error))
            return "400 Bad Request", str(error)
        except UNAVAILABLE as error:  # Stripe will send it again
            log.warning("event not taken in", error=type(error).__name__)
            return "503 Service Unavailable", ""
        except Exception as error:  # this too
            log.exception("event not taken in", error=type(error).__name__)
            return "500 Internal Server Error", ""
        return THANKS

    def _take_in(self, body: bytes, signature: str) -> None:
        text = events.verified(body, signature)
        row = service.row(events.parse(text))
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(INSERT, row | {"payload": text})
        if row["state"] == EventState.RECEIVED:
            failpoint("after_commit_before_bell")
            self._ringer.ring()
        failpoint("before_response")


def _statement() -> str:
    """Made once, and inline: what the database numbers the row is nobody's business here."""
    new = insert(InboxEvent).values({name: bindparam(name) for name in COLUMNS}).on_conflict_do_nothing()
    return str(new.inline().compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]  # it is


COLUMNS = (
    *("event_id", "type", "api_version", "object_type", "object_id", "customer", "payload"),
    *("created_at", "received_at", "attempts", "state"),
)
INSERT = _statement()


def _body(environ: "WSGIEnvironment") -> bytes:
    """Raises TooLarge. What says no length is empty, as in Flask."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BYTES:
        raise TooLarge
    read: Any = environ["wsgi.input"].read
    return bytes(read(int(length)))
