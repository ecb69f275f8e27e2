"""The ``expand`` parameter: which fields can be expanded, and how deep.

Expanded are ids that stand for objects, and fields that are absent until asked for. Assumptions: naming an object that is
there anyway is no error; a hash that is no object of its own can only be passed through.
"""

from __future__ import annotations

from typing import Any

from sandbox.contract import Contract, Schema
from sandbox.errors import ApiError, invalid
from sandbox.presence import INCLUDABLE

Tree = dict[str, Any]
"""Nested field names: ``{"latest_invoice": {"confirmation_secret": {}}}``."""

MAX_DEPTH = 4


def tree(paths: list[str]) -> Tree:
    """``["a.b", "a.c"]`` → ``{"a": {"b": {}, "c": {}}}``; too deep a path is refused."""
    root: Tree = {}
    for path in paths:
        names = path.split(".")
        if len(names) > MAX_DEPTH:
            message = f"You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}"
            raise invalid(message, "expand", "property_expansion_max_depth")
        node = root
        for name in names:
            node = node.setdefault(name, {})
    return root


def of_entries(expand: Tree, *known: str) -> Tree:
    """What is expanded in the entries of a list; a list has no other fields to expand, except ``known`` ones."""
    for key in expand:
        if key != "data" and key not in known:
            raise _refused(key, f" You may want to try expanding 'data.{key}' instead.")
    entries: Tree = expand.get("data", {})
    return entries


def check(contract: Contract, object_type: str, expand: Tree) -> None:
    """Refuse fields of an object that cannot be expanded; what lies in other objects is checked with those."""
    properties = contract.properties(object_type)
    for key, inner in expand.items():
        is_included = key in INCLUDABLE.get(object_type, ()) and not inner
        if not is_included:
            _check(contract, properties.get(key, {}), key, inner)


def _check(contract: Contract, schema: Schema, key: str, expand: Tree) -> None:
    schema = contract.resolve(schema)
    if schema.get("type") == "array":
        schema = contract.resolve(schema["items"])
    if "x-expansionResources" in schema or "x-resourceId" in schema:
        return
    properties = schema.get("properties", {})
    if "has_more" in properties:
        of_entries(expand)
    elif not properties or not expand:
        raise _refused(key)
    else:
        for name, inner in expand.items():
            _check(contract, properties.get(name, {}), name, inner)


def _refused(key: str, hint: str = "") -> ApiError:
    return invalid(f"This property cannot be expanded ({key}).{hint}", "expand")
