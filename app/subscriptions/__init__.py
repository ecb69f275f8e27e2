"""Subscriptions: start, look, cancel, keep. Stripe's is the truth, ours the mirror."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.catalog import service as catalog
    from app.core import pages

    from . import banners, checkout_routes, pause_routes, routes

    app.register_blueprint(routes.bp)
    app.register_blueprint(checkout_routes.bp)
    app.register_blueprint(pause_routes.bp)
    pages.banners.extend([banners.of_subscription, banners.of_pause])
    catalog.holdings.append(banners.holding)
