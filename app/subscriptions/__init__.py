"""Subscriptions: start, look, cancel, keep. Stripe's is the truth, ours the mirror."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.catalog import service as catalog
    from app.core import pages

    from . import (
        banners,
        cancellation_routes,
        change_routes,
        checkout_routes,
        continuation_routes,
        fit,
        pause_routes,
        promotion_routes,
        return_routes,
        routes,
        trial_routes,
        why,
    )

    app.register_blueprint(routes.bp)
    app.register_blueprint(checkout_routes.bp)
    app.register_blueprint(continuation_routes.bp)
    app.register_blueprint(trial_routes.bp)
    app.register_blueprint(pause_routes.bp)
    app.register_blueprint(change_routes.bp)
    app.register_blueprint(cancellation_routes.bp)
    app.register_blueprint(return_routes.bp)
    app.register_blueprint(promotion_routes.bp)
    app.jinja_env.globals.update(exceeded_by_schedule=fit.exceeded_by_schedule)
    pages.banners.extend([banners.of_subscription, banners.of_pause, banners.of_change])
    catalog.holdings.append(banners.holding)
    catalog.currencies_kept.append(banners.currency_kept)
    app.jinja_env.filters.update(explain=why.explain)
