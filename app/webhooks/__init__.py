"""Webhooks: the doorman and the inbox."""

from flask import Flask

from app.core.extensions import csrf


def init_app(app: Flask) -> None:
    from . import routes

    app.register_blueprint(routes.bp)
    csrf.exempt(routes.bp)  # Stripe signs its posts instead
