"""The overview: several nouns on one page, none of them its own."""

from flask import Flask


def init_app(app: Flask) -> None:
    from . import routes

    app.register_blueprint(routes.bp)
