"""An expandable field of Stripe's is an id or, when it was asked for, the object itself."""

from typing import Any


def id_of(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value.id)
