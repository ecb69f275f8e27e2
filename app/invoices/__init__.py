"""Invoices: what Stripe billed, as a list, a page, a PDF and a receipt by mail."""

from flask import Flask

from . import wording


def init_app(app: Flask) -> None:
    from app.notifications import service as notifications
    from app.subscriptions.explanations import lines

    from . import context, credited, pay_links, pay_routes, routes

    app.register_blueprint(routes.bp)
    app.register_blueprint(pay_routes.bp)
    lines.billed.add(credited.billed)
    notifications.is_idle["payment_action_required"] = pay_links.is_settled
    app.jinja_env.globals.update(owed_invoice=context.owed_invoice, waiting_invoice=context.waiting_invoice)
    app.jinja_env.filters.update(postal_lines=wording.address, card=wording.card)
