"""Webhooks: the doorman and the inbox."""

from flask import Flask


def init_app(app: Flask) -> None:
    from .doorman import Doorman

    app.wsgi_app = Doorman(app, app.wsgi_app)  # type: ignore[method-assign]  # Flask's own documented way
