"""Form bodies and query strings with brackets: ``items[0][price]=p&expand[]=a.b`` → nested dicts.

Arrays stay dicts with numbers as keys here (``{"0": …}``); only the parameter's type tells whether a number is an index.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from flask import Request

from sandbox.errors import ApiError, invalid

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
SEGMENT = re.compile(r"\[([^\[\]]*)\]")

INDEX = re.compile(r"[0-9]{1,9}")
"""A place in an array."""
MAX_DEPTH = 16
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

Nested = dict[str, Any]


class Appended(str):
    """The key that empty brackets stand for; only arrays have such."""

    __slots__ = ()


def pairs(request: Request) -> list[tuple[str, str]]:
    """Names and values of the query and of the form; raises ApiError (400) for other bodies and for bad UTF-8."""
    try:
        query = parse_qsl(request.query_string.decode(), keep_blank_values=True, errors="strict")
        if request.mimetype == MULTIPART:
            return [*query, *request.form.items(multi=True)]
        body = request.get_data().decode()
        if body and request.mimetype not in ("", URLENCODED):
            raise ApiError(f"Invalid request (check that your POST content type is {URLENCODED}).")
        return [*query, *parse_qsl(body, keep_blank_values=True, errors="strict")]
    except UnicodeDecodeError:
        raise ApiError("Invalid request: its parameters are not valid UTF-8.") from None


def parse(pairs: Iterable[tuple[str, str]]) -> Nested:
    """Names and values as they came over the wire, nested. Names that are not well formed are refused with a 400."""
    root: Nested = {}
    for name, value in pairs:
        _insert(root, _segments(name), name, value)
    return root


def join(path: str, name: str) -> str:
    """The wire name of a nested parameter: ``join("items[0]", "price")`` → ``items[0][price]``."""
    return f"{path}[{name}]" if path else name


def _segments(name: str) -> list[str]:
    match = NAME.match(name)
    if match is None:
        raise invalid(f"Invalid parameter name: {name}", name)
    segments = [match[1], *SEGMENT.findall(match[2])]
    if len(segments) > MAX_DEPTH:
        raise invalid(f"Invalid parameter: {match[1]} is nested more than {MAX_DEPTH} levels deep.", match[1])
    return segments


def _insert(root: Nested, segments: list[str], name: str, value: str) -> None:
    node = root
    for position, segment in enumerate(segments):
        # `a[]=1&a[]=2` appends, `a[0]=1` names its place.
        key = segment or Appended(len(node))
        if position == len(segments) - 1:
            node[key] = value
            return
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise invalid(f"Invalid parameter: {name} is given both as a value and as a hash.", name)
