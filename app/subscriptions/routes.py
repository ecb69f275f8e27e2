"""Door 1: the subscription's page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.core.pages import render
from app.organizations.guards import member_of_organization

from .context import current_subscription
from .forms import DeedForm

bp = Blueprint("subscriptions", __name__, url_prefix="/subscription")


@bp.get("")
@member_of_organization
def show() -> ResponseReturnValue:
    subscription = current_subscription()
    return render("subscriptions/show.html", "subscriptions/_panel.html", subscription=subscription, form=DeedForm())
