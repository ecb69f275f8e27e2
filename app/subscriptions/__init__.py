"""Subscriptions: start, look, cancel, keep. Stripe's is the truth, ours the mirror."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.catalog import service as catalog
    from app.core import pages

    from . import banners, checkout_routes, routes

    app.register_blueprint(routes.bp)
    app.register_blueprint(checkout_routes.bp)
    pages.banners.append(banners.of_subscription)
    catalog.holdings.append(banners.holding)
