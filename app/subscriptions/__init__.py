"""Subscriptions: Stripe's is the truth, ours the mirror.

What they are, and what every deed on them shares, stands here; each kind of deed has a part of its own: `purchases`,
`changes`, `pauses`, `cancellations`, and `explanations` of the amounts they come to.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.catalog import service as catalog
    from app.core import pages

    from . import banners, routes
    from .cancellations import routes as cancellation_routes
    from .changes import fit
    from .changes import routes as change_routes
    from .explanations import why
    from .pauses import routes as pause_routes
    from .purchases import checkout_routes, continuation_routes, promotion_routes, return_routes, trial_routes

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
    pages.banners.add(banners.of_subscription, banners.of_pause, banners.of_change)
    catalog.holdings.add(banners.holding)
    catalog.currencies_kept.add(banners.currency_kept)
    app.jinja_env.filters.update(explain=why.explain)
