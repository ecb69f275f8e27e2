"""Payments: what was charged and given back, for an invoice or on its own."""

from flask import Flask


def init_app(app: Flask) -> None:
    from . import routes

    app.register_blueprint(routes.bp)
