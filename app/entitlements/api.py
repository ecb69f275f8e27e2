"""Doors for programs: may this organization do this, and how much is left?"""

from typing import Any

from app.api import bearer, blueprint
from app.organizations.context import current_organization

from . import schemas, service
from .deciding import Decision
from .service import Entitlements

bp = blueprint("entitlements", "What the plan of an organization allows")
SCOPE = "entitlements:read"


@bp.get("/entitlements")
@bearer(SCOPE)
@bp.response(200, schemas.EntitlementsSchema)
def show() -> Entitlements:
    """Access, plan, features and limits at once"""
    return service.entitlements(current_organization)


@bp.post("/entitlements/check")
@bearer(SCOPE)
@bp.arguments(schemas.Question)
@bp.response(200, schemas.Answer)
def check(question: dict[str, Any]) -> Decision:
    """May this much more be used, or this feature?

    A no is an answer, not an error. Asking sets nothing aside: what was used counts when it is reported.
    """
    if "feature" in question:
        return service.check_feature(current_organization, question["feature"])
    return service.check(current_organization, question["meter"], question.get("estimate", service.ONE))
