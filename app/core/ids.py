"""Ids that may be shown: random, prefixed, unguessable."""

import secrets
from collections.abc import Callable


def new(prefix: str) -> str:
    """`inv_` and 22 characters, 128 bits from the system's random source."""
    return f"{prefix}_{secrets.token_urlsafe(16)}"


def factory(prefix: str) -> Callable[[], str]:
    """A column default: `mapped_column(default=factory("inv"))`."""
    return lambda: new(prefix)
