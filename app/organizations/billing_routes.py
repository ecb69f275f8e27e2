"""Door 1: who is billed. Everybody reads it, admins and billing people change it; the tax numbers have forms of their own."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core import i18n, regions
from app.core.errors import PortalError
from app.core.extensions import limiter
from app.core.pages import refresh, render, wants_partial

from . import billing, tax_ids, tax_words
from .context import current_membership, current_organization
from .forms import BillingForm, TaxIdForm
from .guards import may, member_of_organization
from .models import Role

bp = Blueprint("billing", __name__, url_prefix="/settings/billing")
often = limiter.shared_limit("120/hour", "billing", key_func=lambda: current_organization.public_id)


@bp.get("")
@member_of_organization
def index() -> str:
    if not current_membership.can_manage_billing:
        return _read_only()
    return _page(BillingForm(current_organization, formdata=None))


@bp.post("")
@may(Role.BILLING)
@often
def save() -> ResponseReturnValue:
    form = BillingForm(current_organization)
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        billing.save(current_organization, form.details, form.token.data)
    except billing.DetailsRefused as error:
        form[error.field].errors = [str(error)]
        return _page(form), error.status
    except PortalError as error:  # nothing that was typed is lost by it
        return _page(form, problem=str(error)), error.status
    flash(_("Saved. Invoices from now on carry these details."), "success")
    return redirect(url_for(".index"), 303)


@bp.post("/tax-ids")
@may(Role.BILLING)
@often
def add_tax_id() -> ResponseReturnValue:
    form = TaxIdForm(current_organization)
    if not form.validate_on_submit():
        return _tax_page(form), 422
    try:
        tax_ids.add(current_organization, form.type.data, form.number, form.token.data)
    except PortalError as error:
        form.value.errors = [str(error)]
        return _tax_page(form), error.status
    return _tax_ids_changed(_("%(number)s is printed on your invoices from now on.", number=form.number))


@bp.post("/tax-ids/<public_id>/removal")
@may(Role.BILLING)
@often
def remove_tax_id(public_id: str) -> ResponseReturnValue:
    tax_ids.remove(current_organization, public_id)
    return _tax_ids_changed(_("Removed. Invoices already issued keep the number."))


def _tax_ids_changed(message: str) -> ResponseReturnValue:
    if not wants_partial():
        flash(message, "success")
    form = TaxIdForm(current_organization, formdata=None)
    return refresh("settings/_billing_tax_ids.html", url_for(".index"), said=message, **_tax_ids(form))


def _read_only() -> str:
    country = dict(regions.countries()).get(current_organization.country or "", "")
    parts = [getattr(current_organization, part) for part in ("line1", "line2", "postal_code", "city", "state")]
    return render(
        "settings/billing_read.html",
        address=[part for part in (*parts, country) if part],
        formats=i18n.example(current_organization.locale),
        **_tax_ids(TaxIdForm(current_organization, formdata=None)),
    )


def _page(form: BillingForm, problem: str | None = None) -> str:
    numbers = _tax_ids(TaxIdForm(current_organization, formdata=None))
    return render("settings/billing.html", form=form, problem=problem, **numbers)


def _tax_page(form: TaxIdForm) -> str:
    details = BillingForm(current_organization, formdata=None)
    return render("settings/billing.html", "settings/_billing_tax_ids.html", form=details, **_tax_ids(form))


def _tax_ids(form: TaxIdForm) -> dict[str, Any]:
    listed = [tax_words.told(tax_id) for tax_id in tax_ids.of(current_organization)]
    return {"tax_ids": listed, "tax_id_form": form}
