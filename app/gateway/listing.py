"""Stripe's lists, one page at a time, newest first (https://docs.stripe.com/api/pagination)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import stripe

from app.core.transactions import release

from .errors import translated

MOST = 100

Found = TypeVar("Found", bound=stripe.StripeObject)
Record = TypeVar("Record")


@dataclass(frozen=True)
class Page(Generic[Record]):
    """`after` is what the next page is asked with, None on the last one."""

    records: tuple[Record, ...]
    after: str | None


def fetch(
    verb: Callable[[Any], stripe.ListObject[Found]],
    record: Callable[[Found], Record],
    *,
    after: str | None,
    since: datetime | None,
    **query: Any,
) -> Page[Record]:
    """The page of what was made at `since` (Stripe's time) or later, that begins after the object `after`."""
    params: dict[str, Any] = {"limit": MOST, **query}
    if after:
        params["starting_after"] = after
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    release()
    with translated():
        found = verb(params)
    last: Any = found.data[-1] if found.has_more and found.data else None
    return Page(tuple(record(each) for each in found.data), last.id if last else None)
