"""From an operation of the contract to the function that plays it.

A resource module registers its functions with ``@operation("POST /v1/customers")``; the paths are the contract's, with
its names for the placeholders. What the contract has and nobody registered is answered like an unknown URL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.store import Store


@dataclass(frozen=True)
class Call:
    """One API request that passed authentication and validation."""

    box: Sandbox
    params: dict[str, Any]
    ids: dict[str, str]
    """The placeholders of the path."""
    path: str
    expand: dict[str, Any]
    """The fields to expand in the answer, as a tree."""
    by_browser: bool = False
    """Whether it came with a publishable key."""
    line: str = ""
    """The operation as the contract writes it: ``POST /v1/customers/{customer}``."""

    @property
    def store(self) -> Store:
        return self.box.store

    @property
    def id(self) -> str:
        """The object the path names first."""
        return next(iter(self.ids.values()))

    def get(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default)


@dataclass(frozen=True)
class Page:
    """A list as answer: records still to be rendered."""

    records: list[Record]
    has_more: bool


@dataclass(frozen=True)
class Plain:
    """An answer that is no stored record and is sent as it is."""

    body: dict[str, Any]


Handler = Callable[[Call], Record | Page | Plain]

HANDLERS: dict[tuple[str, str], Handler] = {}


def operation(line: str) -> Callable[[Handler], Handler]:
    """Register a function for an operation: ``@operation("GET /v1/customers/{customer}")``."""
    method, path = line.split(" ")

    def register(handler: Handler) -> Handler:
        HANDLERS[method, path] = handler
        return handler

    return register
