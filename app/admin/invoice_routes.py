"""Invoices of all customers."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.core.pages import render

from . import invoices
from .context import addresses, around
from .forms import InvoiceFilterForm

bp = Blueprint("invoices", __name__, url_prefix="/invoices")


@bp.get("")
def index() -> ResponseReturnValue:
    form = InvoiceFilterForm(request.args)
    filters = invoices.Filters(
        who=form.value("who"),
        about=form.value("about"),
        state=form.value("state"),
        currency=form.value("currency").lower(),
        first=form.day("first"),
        last=form.day("last"),
    )
    found = invoices.page(filters, form.order, **around())
    return render("admin/invoices/index.html", form=form, found=found, **addresses(found, form.kept()))
