"""Payments that stand on their own, and refunds."""

from flask import Flask


def init_app(app: Flask) -> None:
    """No door of its own."""
