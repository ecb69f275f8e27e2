"""The tenant: organizations, their members and roles, invitations. `/signup` is a door of this room."""

from flask import Flask
from werkzeug.local import LocalProxy

from .context import current_membership, current_organization, my_organizations


def init_app(app: Flask) -> None:
    from . import billing_routes, invitation_routes, routes, team_routes

    for doors in (routes, team_routes, invitation_routes, billing_routes):
        app.register_blueprint(doors.bp)
    # Proxies, so that a page (or a mail) that does not look at them asks the database nothing.
    context = {
        "current_organization": current_organization,
        "current_membership": current_membership,
        "organizations": LocalProxy(my_organizations),
    }
    app.context_processor(lambda: context)
    app.jinja_env.globals["shown_organization"] = lambda: (
        current_organization.public_id if current_organization else None
    )
