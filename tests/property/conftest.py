"""The world that the lives are lived in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.models import Price
from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox
from tests.property.world import World


@pytest.fixture
def world(
    app: Flask,
    sandbox: Sandbox,
    mailbox: Mailbox,
    card: CardForm,
    person: Callable[..., Browser],
    nexus: Callable[..., Price],
    tmp_path: Path,
) -> World:
    return World(app, sandbox, mailbox, card, person, nexus, tmp_path)
