"""Payments: what was charged and given back, for an invoice or on its own."""

from flask import Flask


def init_app(app: Flask) -> None:
    from . import models  # noqa: F401
