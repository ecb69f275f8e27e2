"""How a body is read: JSON only, of a size and depth that a machine would send, and errors that point at their member."""

import json
from decimal import Decimal
from typing import Any, NoReturn

from flask import Request
from marshmallow import ValidationError, fields
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import UnsupportedMediaType

from .errors import InvalidFields, UnreadableBody

MOST_ERRORS = 100


def read_json(req: Request) -> Any:
    """The body, with fractions as Decimal. For a door whose bodies are too long to be looked at by a schema."""
    if not is_json_request(req):
        raise UnsupportedMediaType()
    try:
        return json.loads(req.get_data(), parse_float=Decimal, parse_constant=_refuse)
    # Python gives up on deep nesting with a RecursionError, on numbers of thousands of digits with a ValueError, and its
    # Decimal on exponents that are numbers of twenty digits with an ArithmeticError.
    except (ValueError, RecursionError, ArithmeticError):
        raise UnreadableBody() from None


class Parser(FlaskParser):
    """As webargs reads a body, but fractions stay exact, and what it would stumble over is a problem with a code."""

    def _raw_load_json(self, req: Request) -> Any:
        return read_json(req)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        found = [
            {"pointer": pointer, "detail": detail}
            for location in error.messages_dict.values()
            for pointer, detail in _pointers("#", location)
        ]
        raise InvalidFields(found[:MOST_ERRORS])


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def _pointers(at: str, messages: Any) -> list[tuple[str, str]]:
    """marshmallow's nested dictionaries as JSON pointers with a sentence each; `_schema` is the object itself."""
    if isinstance(messages, dict):
        return [
            found
            for name, inner in messages.items()
            for found in _pointers(at if name == "_schema" else f"{at}/{_escaped(name)}", inner)
        ]
    return [(at, " ".join(str(sentence) for sentence in messages))]


def _escaped(name: object) -> str:
    """RFC 6901, section 3. A name is the sender's own: cut, and without what no log or database could hold."""
    plain = "".join(character if character.isprintable() else "?" for character in str(name)[:100])
    return plain.replace("~", "~0").replace("/", "~1")


class Word(fields.String):
    """One line of printable characters: PostgreSQL takes neither NUL nor half of a surrogate pair."""

    default_error_messages = {
        "unprintable": "Use printable characters only.",
        "length": "Use 1 to {most} characters.",
    }

    def __init__(self, *, most: int = 200, **kwargs: Any) -> None:
        kwargs["metadata"] = {"minLength": 1, "maxLength": most} | kwargs.get("metadata", {})
        super().__init__(**kwargs)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        word = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(word) <= self.most:
            raise self.make_error("length", most=self.most)
        if not word.isprintable():
            raise self.make_error("unprintable")
        return word
