"""The door to payments for a browser: the list."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from app.core.pages import render
from app.organizations.context import current_organization
from app.organizations.guards import member_of_organization

from . import history, wording

bp = Blueprint("payments", __name__, url_prefix="/payments")


@bp.get("")
@member_of_organization
def index() -> ResponseReturnValue:
    after, before = request.args.get("after", ""), request.args.get("before", "")
    found = history.page(
        current_organization,
        older_than=before if before.isprintable() else None,
        newer_than=after if after.isprintable() else None,
    )
    return render(
        "payments/index.html",
        found=found,
        purposes=wording.PURPOSES,
        newer=found.newer and url_for(".index", after=found.newer),
        older=found.older and url_for(".index", before=found.older),
    )
