"""Keys for programs: made by an admin, shown once, kept as a hash. The resolver of the API's kit."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app import api

    from . import context, routes

    app.register_blueprint(routes.bp)
    api.resolvers.add(context.caller)
