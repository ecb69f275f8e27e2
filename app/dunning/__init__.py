"""Dunning: what happens when a renewal is not paid, from the first mail to the one end of the case."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.core import pages
    from app.invoices import pay_links, paying
    from app.invoices import service as invoices
    from app.notifications import service as notifications
    from app.payment_methods import service as payment_methods
    from app.subscriptions import service as subscriptions

    from . import banners, context, retrying, service

    invoices.absorbed.add(service.follow)
    subscriptions.written.add(service.subscription_written)
    payment_methods.made_default.add(service.default_card_changed)
    paying.tried.add(retrying.heard)
    pages.banners.add(banners.of_renewal)
    for template in ("payment_no_method", "payment_declined", "payment_final", "payment_restricted"):
        notifications.is_idle[template] = pay_links.is_settled
    app.jinja_env.globals.update(next_attempt_at=context.next_attempt_at)
