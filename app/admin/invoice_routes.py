"""Invoices of all customers, and one of them with everything around it."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.core.pages import render
from app.invoices import download, printing

from . import bill, invoices
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


@bp.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    found = bill.of(name)
    return render(
        "admin/invoices/show.html",
        bill=found,
        invoice=found.invoice,
        document=found.document,
        refunds=found.refunds,
        refunded=found.refunded,
        pdf=printing.state(found.invoice),
    )


@bp.get("/<name>/pdf")
def pdf(name: str) -> ResponseReturnValue:
    """The file, once it is made; looking at it has it not made."""
    invoice, _organization, _case = bill.get(name)
    path = printing.stored(invoice)
    if path is None:
        raise NotFound()
    return download.of(invoice, path)
