"""The catalogue: plans, prices, features, limits and meters. It is data, loaded from a file."""

from flask import Flask


def init_app(app: Flask) -> None:
    from .routes import bp

    app.register_blueprint(bp)
