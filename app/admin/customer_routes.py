"""Customers: looking for one, and everything there is about them."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.pages import render
from app.reconciliation import syncing

from . import customers, portrait, presses
from .context import addresses, answered, around
from .forms import ChosenForm, CustomerFilterForm

bp = Blueprint("customers", __name__, url_prefix="/customers")


@bp.get("")
def index() -> ResponseReturnValue:
    form = CustomerFilterForm(request.args)
    filters = customers.Filters(who=form.value("who"), state=form.value("state"), plan=form.value("plan"))
    found = customers.page(filters, form.order, **around())
    return render("admin/customers/index.html", form=form, found=found, **addresses(found, form.kept()))


@bp.get("/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    customer = portrait.of(customers.get(public_id))
    pressing = ChosenForm(next=url_for(".show", public_id=public_id))
    return render("admin/customers/show.html", customer=customer, pressing=pressing)


@bp.post("/<public_id>/sync")
def sync(public_id: str) -> ResponseReturnValue:
    """Have workers fetch everything of a customer anew: harmless however often."""
    form, organization = ChosenForm(), customers.get(public_id)
    form.names()
    done = presses.once(form.token.data, "sync customer", [public_id], lambda _names: syncing.ask(organization))
    asked = _("Everything of this customer is being fetched from Stripe. Look again in a moment.")
    return answered(
        form.next.data, done, done, asked, _("This customer was never at Stripe: there is nothing to fetch.")
    )
