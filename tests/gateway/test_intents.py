"""A deed has one name, and a name has one deed."""

from typing import Any

import pytest
from flask import Flask

from app.gateway import intents
from app.gateway.client import client
from tests.helpers import Sandbox


def _make(params: Any, options: Any) -> Any:
    return client().v1.customers.create(params, options)


def test_the_same_name_for_another_deed_is_refused_and_somebody_is_told(
    app: Flask, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
):
    intents.perform("customer:1", {"name": "Ada"}, _make)
    with pytest.raises(intents.IntentMismatch):
        intents.perform("customer:1", {"name": "Bob"}, _make)
    assert [customer["name"] for customer in sandbox.objects("customers")] == ["Ada"]
    (alert,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "customer:1" in alert.getMessage()
