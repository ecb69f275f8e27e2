"""Promotion codes: what they take off, for how long, and why one does not apply."""

from flask import Flask


def init_app(app: Flask) -> None:
    """No door of its own."""
