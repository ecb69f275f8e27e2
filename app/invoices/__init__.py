"""Invoices: what Stripe billed, as a list, a page, a PDF and a receipt by mail."""

from flask import Flask

from . import wording


def init_app(app: Flask) -> None:
    from .routes import bp

    app.register_blueprint(bp)
    app.jinja_env.filters.update(
        period=wording.period,
        quantity=wording.quantity,
        unit_price=wording.unit_price,
        postal_lines=wording.address,
        card=wording.card,
    )
