"""Form bodies and query strings with brackets: ``items[0][price]=p&expand[]=a.b`` → nested dicts.

Arrays stay dicts with numbers as keys here (``{"0": …}``); only the parameter's type tells whether a number is an index.
"""

import re
from collections.abc import Iterable
from typing import Any

from sandbox.errors import invalid

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
SEGMENT = re.compile(r"\[([^\[\]]*)\]")

Nested = dict[str, Any]


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
    return [match[1], *SEGMENT.findall(match[2])]


def _insert(root: Nested, segments: list[str], name: str, value: str) -> None:
    node = root
    for position, segment in enumerate(segments):
        # `a[]=1&a[]=2` appends, `a[0]=1` names its place.
        key = segment or str(len(node))
        if position == len(segments) - 1:
            node[key] = value
            return
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise invalid(f"Invalid parameter: {name} is given both as a value and as a hash.", name)
