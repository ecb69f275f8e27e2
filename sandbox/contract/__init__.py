"""The pinned API version as data: operations, parameter types and object schemas.

The file beside this module is described in PROVENANCE.md. It is read once per process (about 60 ms).
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

Schema = dict[str, Any]

FILE_NAME = "stripe-2026-10-28.endive.json.gz"


@dataclass(frozen=True)
class Operation:
    """One method on one path, e.g. ``POST /v1/customers/{customer}``."""

    method: str
    path: str
    params: str | None
    """Name of the parameter type under ``components.x-params``; None when the operation takes none."""
    answer: Schema

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def segments(self) -> list[str]:
        return self.path.strip("/").split("/")

    def bind(self, segments: list[str]) -> dict[str, str] | None:
        """The path parameters when these segments fit this operation's path, else None."""
        bound = {}
        for pattern, actual in zip(self.segments, segments, strict=True):
            if pattern.startswith("{"):
                bound[pattern[1:-1]] = actual
            elif pattern != actual:
                return None
        return bound


class Contract:
    """Look-ups in the machine-readable description of the API."""

    def __init__(self) -> None:
        packed = files(__name__).joinpath(FILE_NAME).read_bytes()
        self._data: dict[str, Any] = json.loads(gzip.decompress(packed))
        self.version: str = self._data["info"]["version"]
        self.event_types = frozenset(self._data["x-webhookEventTypes"])
        self.schemas: dict[str, Schema] = self._data["components"]["schemas"]
        self._params: dict[str, Schema] = self._data["components"]["x-params"]
        self._blanks: dict[str, dict[str, Any]] = {}

    def operations(self) -> Iterator[Operation]:
        """All that the API can do."""
        for path, methods in self._data["paths"].items():
            for method, described in methods.items():
                yield Operation(method.upper(), path, _params_name(described), _answer(described))

    @cached_property
    def _by_shape(self) -> dict[tuple[str, int, str], list[Operation]]:
        """By method, number of segments and the noun behind the version, which is never a placeholder."""
        table: dict[tuple[str, int, str], list[Operation]] = {}
        for operation in self.operations():
            shape = (operation.method, len(operation.segments), operation.segments[1])
            table.setdefault(shape, []).append(operation)
        for operations in table.values():
            # A literal segment wins over a placeholder: /invoices/create_preview is not an invoice id.
            operations.sort(key=lambda operation: operation.path.count("{"))
        return table

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation behind a request line and its path parameters; None when the API has no such URL."""
        segments = path.strip("/").split("/")
        for operation in self._by_shape.get((method, len(segments), segments[1]), ()) if len(segments) > 1 else ():
            bound = operation.bind(segments)
            if bound is not None:
                return operation, bound
        return None

    def resolve(self, schema: Schema) -> Schema:
        """Follow ``$ref`` (alone or wrapped in ``allOf``, where siblings like ``x-clearable`` are kept)."""
        siblings = schema
        while "$ref" in schema or "allOf" in schema:
            schema = schema["allOf"][0] if "allOf" in schema else self._referenced(schema["$ref"])
        kept: Schema = {key: siblings[key] for key in ("nullable", "x-clearable") if key in siblings}
        return {**schema, **kept} if kept else schema

    def params(self, name: str) -> Schema:
        """The parameter type of that name."""
        return self._params[name]

    def properties(self, object_type: str) -> dict[str, Schema]:
        """The properties of a resource; empty for a type the contract does not know."""
        schema = self.schemas.get(object_type)
        return schema["properties"] if schema else {}

    def blank(self, object_type: str) -> dict[str, Any]:
        """A new object of that type with every nullable property null, so that no field is ever missing."""
        if object_type not in self._blanks:
            properties = self.properties(object_type)
            nullable = (key for key, schema in properties.items() if schema.get("nullable") and key != "deleted")
            livemode = {"livemode": False} if "livemode" in properties else {}
            self._blanks[object_type] = {**dict.fromkeys(nullable), **livemode}
        return {"id": None, "object": object_type, **self._blanks[object_type]}

    def _referenced(self, pointer: str) -> Schema:
        section, name = pointer.split("/")[-2:]
        found: Schema = self._data["components"][section][name]
        return found


def _params_name(described: dict[str, Any]) -> str | None:
    reference = described.get("x-query")
    if reference is None and "requestBody" in described:
        (content,) = described["requestBody"]["content"].values()
        reference = content["schema"]
    return reference["$ref"].rsplit("/", 1)[-1] if reference else None


def _answer(described: dict[str, Any]) -> Schema:
    schema: Schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    return schema
