"""Stripe's instants are Unix seconds; ours are UTC datetimes."""

from datetime import UTC, datetime
from typing import overload


@overload
def instant(seconds: int) -> datetime: ...
@overload
def instant(seconds: None) -> None: ...
def instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
