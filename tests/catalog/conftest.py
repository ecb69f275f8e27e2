"""A small catalogue of its own for each test, written down in a few lines."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.catalog import load, service
from app.catalog.tree import Catalog
from app.core.extensions import db

SMALL = """
[[meters]]
key = "renders"
name = "renders"
singular = "render"

[[plans]]
key = "free"
name = "Free"
kind = "free"
limits.renders = 1

[[plans]]
key = "solo"
name = "Solo"
description = "For one."
prices.usd = { month = 1000, year = 10000 }
limits.renders = { amount = 100, behaviour = "billable", overage = { usd = 0.5 } }
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Write the text of a catalogue file and answer its path."""

    def write(text: str) -> Path:
        file = tmp_path / "catalog.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def loaded(app: Flask, written: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """Load a catalogue, given as text or as the name of a preset, and answer the lines of what changed."""

    def apply(text: str) -> list[str]:
        changes = load.apply(load.read(written(text) if "\n" in text else text))
        db.session.commit()
        return [str(change) for change in changes]

    return apply


@pytest.fixture
def current(app: Flask) -> Callable[[], Catalog]:
    """The catalogue as a new request reads it."""

    def read() -> Catalog:
        db.session.commit()
        return service.current()

    return read
