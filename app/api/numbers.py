"""Numbers that stay exact on their way in and out."""

import re
from decimal import Decimal
from typing import Any

from marshmallow import fields

QUOTED = re.compile(r"-?\d{1,30}(\.\d{1,30})?")


def read_number(given: Any) -> Decimal | None:
    """A JSON number as `read_json` leaves it, or one in quotes; None for anything else, also for true, which is no number."""
    kind = type(given)
    if kind is int or kind is Decimal:
        return Decimal(given)
    return Decimal(given) if kind is str and QUOTED.fullmatch(given) else None


def written(number: Decimal) -> int | float | str:
    """As JSON: a number, or in quotes when it has more digits than a reader's floating point keeps."""
    if number == number.to_integral_value():
        return int(number)
    near = float(number)
    return near if Decimal(repr(near)) == number else format(number.normalize(), "f")


class Number(fields.Decimal):
    """A quantity of any size; what is too large or too fine is for the room to say."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        number = read_number(value)
        if number is None:
            raise self.make_error("invalid")
        return number

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return None if value is None else written(Decimal(value))
