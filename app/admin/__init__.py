"""The staff area: pages for people who run the portal, one file of doors per page."""

from flask import Blueprint, Flask


def init_app(app: Flask) -> None:
    """Every door hangs on one blueprint, whose guard no page can forget."""
    from app.core import i18n
    from app.revenue import amounts

    from . import (
        call_routes,
        customer_routes,
        differences,
        guards,
        invoice_routes,
        movements,
        reconciliation_routes,
        revenue_routes,
        routes,
        subscription_routes,
        subscriptions,
        task_routes,
        webhook_routes,
        wording,
    )

    area = Blueprint("admin", __name__, url_prefix="/admin")
    area.before_request(guards.staff_only)
    selling = (revenue_routes, customer_routes, subscription_routes, invoice_routes)
    for doors in (routes, *selling, webhook_routes, task_routes, call_routes, reconciliation_routes):
        area.register_blueprint(doors.bp)
    app.register_blueprint(area)
    app.jinja_env.globals.update(differences=differences)
    app.jinja_env.filters.update(ago=wording.ago, error_words=wording.error, percent=i18n.percent)
    app.jinja_env.globals.update(
        event_states=wording.EVENT_STATES,
        task_states=wording.TASK_STATES,
        call_states=wording.CALL_STATES,
        staff_deeds=wording.DEEDS,
        movement_kinds=movements.KINDS,
        cancellation_reasons=subscriptions.REASONS,
        monthly=amounts.monthly,
    )
