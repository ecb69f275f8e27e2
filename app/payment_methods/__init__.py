"""Payment methods: the cards saved at Stripe, mirrored; add, make default, remove, warn before one expires."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.core import pages

    from . import banners, context, routes

    app.register_blueprint(routes.bp)
    pages.banners.add(banners.of_card)
    app.jinja_env.globals.update(paying_card=context.current_card)
