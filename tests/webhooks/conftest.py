"""Parts for the tests of the inbox."""

import pytest
from flask import Flask

from app.webhooks import registry
from tests.webhooks.inbox import TYPE, Inbox


@pytest.fixture
def inbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    inbox = Inbox()
    monkeypatch.setitem(registry.HANDLERS, TYPE, (inbox.handler,))
    return inbox
