"""Invoices: what Stripe billed, as a list, a page, a PDF and a receipt by mail."""

from flask import Flask

from . import wording


def init_app(app: Flask) -> None:
    from app.subscriptions.explanations import lines

    from . import credited, pay_routes, routes

    app.register_blueprint(routes.bp)
    app.register_blueprint(pay_routes.bp)
    lines.billed.append(credited.billed)
    app.jinja_env.filters.update(postal_lines=wording.address, card=wording.card)
