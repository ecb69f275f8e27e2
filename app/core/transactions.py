"""One door, one transaction: below status 400 it commits, otherwise it rolls back.

Services never commit. Two helpers exist for the call to Stripe in the middle, across which no lock and no open
transaction may live: `release()` ends the current transaction before it, `apart()` writes what must survive whatever
the page answers (an intent and its outcome, a failed sign-in, denied access).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from .database import UNAVAILABLE
from .extensions import db
from .failpoints import failpoint

WROTE = "wrote"


@contextmanager
def apart() -> Iterator[Session]:
    """A short transaction on a second connection, committed on leaving unless the block raised."""
    with Session(db.engine, expire_on_commit=False) as session, session.begin():
        yield session


def release() -> None:
    """End the current transaction, because a call to another machine comes next.

    Raises RuntimeError when the transaction has already written: half a deed would be committed before its other half
    is known. Write rows after the call.
    """
    if db.session.info.get(WROTE) or db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("rows were written before a call to Stripe; write them after it")
    db.session.commit()


def commit() -> None:
    """Commit the current unit of work; only doors call this (a page, a batch of a worker, a command)."""
    db.session.commit()


def abandon() -> None:
    db.session.rollback()


@event.listens_for(Session, "after_flush")
def _remember_flush(session: Session, _context: Any) -> None:
    session.info[WROTE] = True


@event.listens_for(Session, "do_orm_execute")
def _remember_statement(state: Any) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        state.session.info[WROTE] = True


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(WROTE, None)


def _close(response: Response) -> Response:
    if response.status_code >= 400:
        abandon()
        return response
    try:
        commit()
    except UNAVAILABLE as error:
        return current_app.make_response(current_app.handle_user_exception(error))
    failpoint("before_response")
    return response


def init_app(app: Flask) -> None:
    app.after_request(_close)
