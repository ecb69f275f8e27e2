"""Door 1: the home page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.core.pages import render
from app.dunning import context as dunning
from app.invoices.context import remember
from app.organizations.context import current_organization
from app.organizations.guards import member_of_organization
from app.payment_methods.context import current_card
from app.subscriptions.context import current_subscription
from app.usage import showing

from . import service
from .timeline import described

bp = Blueprint("overview", __name__)


@bp.get("/")
@member_of_organization
def index() -> ResponseReturnValue:
    subscription = current_subscription()
    overview = service.of(current_organization, current_card())
    remember(overview.invoices)
    dunning.remember(overview.cases)
    board = showing.board(current_organization)
    steps = described(overview.timeline)
    return render("overview/index.html", subscription=subscription, overview=overview, timeline=steps, board=board)
