"""The staff area: pages for people who run the portal, one file of doors per page."""

from flask import Blueprint, Flask


def init_app(app: Flask) -> None:
    """Every door hangs on one blueprint, whose guard no page can forget."""
    from . import (
        call_routes,
        cases,
        differences,
        dunning_routes,
        guards,
        reconciliation_routes,
        routes,
        task_routes,
        webhook_routes,
        wording,
    )

    area = Blueprint("admin", __name__, url_prefix="/admin")
    area.before_request(guards.staff_only)
    for doors in (routes, dunning_routes, webhook_routes, task_routes, call_routes, reconciliation_routes):
        area.register_blueprint(doors.bp)
    app.register_blueprint(area)
    app.jinja_env.globals.update(differences=differences)
    app.jinja_env.filters.update(ago=wording.ago, error_words=wording.error, percent=i18n.percent)
    app.jinja_env.globals.update(
        event_states=wording.EVENT_STATES,
        task_states=wording.TASK_STATES,
        call_states=wording.CALL_STATES,
        staff_deeds=wording.DEEDS,
        case_states=cases.STATES,
        case_reasons=cases.REASONS,
        attempt_sources=cases.SOURCES,
        attempt_outcomes=cases.OUTCOMES,
    )
