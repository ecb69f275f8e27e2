"""Functions that rooms above give to a room below, which must not import them."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

Hook = TypeVar("Hook", bound=Callable[..., Any])


class Hooks(Generic[Hook]):
    """In the order they were added; each once, however often the application is put together in one process."""

    def __init__(self) -> None:
        self._hooks: dict[Hook, None] = {}

    def add(self, *hooks: Hook) -> None:
        self._hooks |= dict.fromkeys(hooks)

    def __len__(self) -> int:
        return len(self._hooks)

    def __iter__(self) -> Iterator[Hook]:
        return iter(self._hooks)
