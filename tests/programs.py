"""A program of somebody's own, with a key and without a browser's cookies."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.api_keys import service as keys
from app.api_keys.models import ApiKey
from app.api_keys.scopes import Scope
from app.core.extensions import db
from tests.cast import Browser


class Program:
    """`Program(ada)` may do everything; name scopes to let it do less."""

    key: ApiKey

    def __init__(self, owner: Browser, *scopes: str, at: Flask | None = None) -> None:
        self.key, self.secret = keys.create(owner.organization, "Program", scopes or list(Scope))
        db.session.commit()
        portal = at or owner.application
        self._client = Browser(portal, portal.response_class)

    def get(self, address: str) -> TestResponse:
        return self.ask(address, method="GET")

    def post(self, address: str, body: Any) -> TestResponse:
        return self.ask(address, method="POST", json=body)

    def post_raw(self, address: str, body: bytes, content_type: str = "application/json") -> TestResponse:
        return self.ask(address, method="POST", data=body, content_type=content_type)

    def ask(self, address: str, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.secret}"} | (headers or {})
        return self._client.open(f"/api/v1{address}", headers=headers, **kwargs)
