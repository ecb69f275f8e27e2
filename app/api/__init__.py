"""The kit of door 2, JSON under /api/v1. It knows no noun: rooms bring their doors, and the room of keys knows who asks.

A room writes `api.py` with `bp = blueprint("usage", "…")`, decorates its doors with `@bearer("usage:write")` and
`@bp.arguments(Schema)`, and hands `bp` to `register` in its `init_app`.
"""

from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_smorest import Api, Blueprint
from marshmallow import INCLUDE, Schema, fields

from app.core.errors import answerers
from app.core.extensions import csrf

from . import problems
from .bodies import Parser, Word, read_json
from .errors import ApiError
from .guards import Caller, bearer, resolvers
from .numbers import Number, read_number

__all__ = [
    "PREFIX",
    "ApiError",
    "Caller",
    "Number",
    "Word",
    "bearer",
    "blueprint",
    "read_json",
    "read_number",
    "register",
    "resolvers",
]

PREFIX = "/api/v1"


class Open(Schema):
    """More members may come; a reader ignores what it does not know."""

    class Meta(Schema.Meta):
        unknown = INCLUDE


class FieldError(Open):
    pointer = fields.String(metadata={"description": "JSON pointer to the member that is wrong"})
    detail = fields.String()
    code = fields.String()


class Problem(Open):
    """RFC 9457. `code` never changes, `detail` is for people."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    code = fields.String()
    request_id = fields.String()
    errors = fields.List(fields.Nested(FieldError))


class Kit(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest, with our errors instead of its own."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """The application has one handler for all; see `problems`."""

    def _register_responses(self) -> None:
        content = {problems.MEDIA_TYPE: {"schema": Problem}}
        for status in HTTPStatus:
            self.spec.components.response(status.name, {"description": status.phrase, "content": content}, lazy=True)
        self.spec.components.response(
            self.DEFAULT_ERROR_RESPONSE_NAME, {"description": "Any error", "content": content}, lazy=True
        )


class Doors(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    ARGUMENTS_PARSER = Parser()


kit = Kit()


def blueprint(name: str, description: str) -> Any:
    """The doors of a room; `name` is its noun, also the heading in the OpenAPI document."""
    doors = Doors(f"{name}_api", f"app.{name}.api", url_prefix=PREFIX, description=description)
    csrf.exempt(doors)  # no cookie says who asks here, so nobody's browser can be made to ask
    return doors


def register(doors: Any) -> None:
    """Open a room's doors and write them into the document at /api/v1/openapi.json."""
    kit.register_blueprint(doors)


def init_app(app: Flask) -> None:
    app.config.update(
        API_TITLE=app.extensions["settings"].product_name,
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
    )
    kit.init_app(app)
    kit.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    answerers.add(problems.of)
    app.after_request(problems.without_page)
