"""Door 1: the plans page, public."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from app.core.pages import render
from app.organizations.context import current_membership
from app.organizations.models import Role

from . import offers, service
from .offers import Reader

bp = Blueprint("catalog", __name__)


@bp.get("/plans")
def plans() -> ResponseReturnValue:
    catalog = service.current()
    wanted = {name: request.args.get(name) for name in ("interval", "currency")}
    shown = offers.on_offer(catalog, _reader(), **wanted)
    return render("catalog/index.html", offers=shown)


def _reader() -> Reader:
    is_member = bool(current_membership)
    return Reader(
        is_member=is_member,
        may_buy=is_member and current_membership.may(Role.BILLING),
        holding=service.holding() if is_member else None,
        currency=service.currency_kept() if is_member else None,
        sales_address=current_app.extensions["settings"].support_email,
    )
