"""Write an entry, read a timeline."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask import g
from sqlalchemy import Select, select

from app.core import clock
from app.core.extensions import db
from app.core.transactions import apart

from .context import actor
from .models import Entry


def write(
    action: str,
    subject: str,
    *,
    organization_id: int | None = None,
    user_id: int | None = None,
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Record `action` ("noun.verbed") on `subject` (a public id) in the caller's transaction.

    The actor is whoever acts in this request or task; `user_id` names another user than that one. No personal data.
    `at` is business time: when it happened, where that is known better than by hearing of it now.
    """
    entry = _entry(action, subject, organization_id, user_id, data)
    entry.at = at or clock.now()
    db.session.add(entry)


def write_apart(
    action: str,
    subject: str,
    *,
    organization_id: int | None = None,
    user_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """As `write`, but kept although the page answers an error: a failed sign-in, a denied access."""
    with apart() as session:
        session.add(_entry(action, subject, organization_id, user_id, data))


def entries(organization_id: int, actions: Collection[str] = ()) -> "Select[Entry]":
    """The organization's entries, in no order; of these `actions` only, when some are named."""
    mine = select(Entry).where(Entry.organization_id == organization_id)
    return mine.where(Entry.action.in_(actions)) if actions else mine


def timeline(organization_id: int, limit: int = 20, actions: Collection[str] = ()) -> list[Entry]:
    """The organization's latest entries, newest first."""
    return list(db.session.scalars(entries(organization_id, actions).order_by(Entry.id.desc()).limit(limit)))


def about(organization_id: int, subjects: Collection[str], actions: Collection[str], limit: int = 50) -> list[Entry]:
    """The latest of the organization's entries on any of these public ids, newest first."""
    found = entries(organization_id, actions).where(Entry.subject.in_(subjects))
    return list(db.session.scalars(found.order_by(Entry.id.desc()).limit(limit)))


def history(subject: str, limit: int = 50) -> list[Entry]:
    """What people did to `subject`, which belongs to no organization: the latest entries, newest first."""
    about = select(Entry).where(Entry.subject == subject, Entry.organization_id.is_(None), Entry.user_id.is_not(None))
    return list(db.session.scalars(about.order_by(Entry.id.desc()).limit(limit)))


def _entry(
    action: str, subject: str, organization_id: int | None, user_id: int | None, data: dict[str, Any] | None
) -> Entry:
    who = actor()
    return Entry(
        action=action,
        subject=subject,
        organization_id=organization_id,
        user_id=who.user_id if user_id is None else user_id,
        actor=who.name,
        data=data or {},
        request_id=g.get("request_id"),
    )
