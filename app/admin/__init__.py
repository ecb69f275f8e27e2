"""The staff area: pages for people who run the portal, one file of doors per page."""

from flask import Blueprint, Flask


def init_app(app: Flask) -> None:
    """Every door hangs on one blueprint, whose guard no page can forget."""
    from . import guards

    area = Blueprint("admin", __name__, url_prefix="/admin")
    area.before_request(guards.staff_only)
    for doors in _doors():
        area.register_blueprint(doors)
    app.register_blueprint(area)
    _name_things(app)


def _doors() -> list[Blueprint]:
    from . import (
        call_routes,
        customer_routes,
        dunning_routes,
        invoice_routes,
        reconciliation_routes,
        revenue_routes,
        routes,
        subscription_routes,
        task_routes,
        unbilled_routes,
        webhook_routes,
    )

    selling = [revenue_routes.bp, customer_routes.bp, subscription_routes.bp, invoice_routes.bp, dunning_routes.bp]
    running = [webhook_routes.bp, task_routes.bp, call_routes.bp, reconciliation_routes.bp, unbilled_routes.bp]
    return [routes.bp, *selling, *running]


def _name_things(app: Flask) -> None:
    """What the templates of the area may call by its name."""
    from app.core import i18n
    from app.revenue import amounts

    from . import bill, cases, differences, movements, subscriptions, unbilled, wording

    app.jinja_env.filters.update(ago=wording.ago, error_words=wording.error, percent=i18n.percent)
    app.jinja_env.globals.update(
        differences=differences,
        event_states=wording.EVENT_STATES,
        task_states=wording.TASK_STATES,
        call_states=wording.CALL_STATES,
        bill_steps=bill.STEPS,
        staff_deeds=wording.DEEDS,
        movement_kinds=movements.KINDS,
        cancellation_reasons=subscriptions.REASONS,
        monthly=amounts.monthly,
        case_states=cases.STATES,
        case_reasons=cases.REASONS,
        attempt_sources=cases.SOURCES,
        attempt_outcomes=cases.OUTCOMES,
        unbilled_reasons=unbilled.REASONS,
    )
