"""Usage: events counted once, what they add up to in each window, and what of it goes beyond the plan and is sold."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.api import register
    from app.subscriptions import service as subscriptions

    from . import api, budget_routes, overage, routes

    subscriptions.written.add(overage.plan_changed)
    app.register_blueprint(routes.bp)
    app.register_blueprint(budget_routes.bp)
    register(api.bp)
