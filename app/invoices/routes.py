"""The doors to invoices for a browser: list, page, PDF."""

from typing import Any

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue

from app.core.pages import refresh, render, wants_partial
from app.organizations.context import current_membership, current_organization
from app.organizations.guards import member_of_organization
from app.organizations.models import Role

from . import download, printing, search, service
from .document import InvoiceDocument
from .forms import InvoiceFilterForm

LINES = 200
"""Shown on a page; the PDF lists more."""

FILTERS = ("q", "status", "from", "to")

bp = Blueprint("invoices", __name__, url_prefix="/invoices")


@bp.get("")
@member_of_organization
def index() -> ResponseReturnValue:
    form = InvoiceFilterForm(request.args)
    filters = form.filters()
    after, before = request.args.get("after", ""), request.args.get("before", "")
    found = search.page(
        current_organization,
        filters,
        older_than=before if before.isprintable() else None,
        newer_than=after if after.isprintable() else None,
    )
    kept: dict[str, Any] = {name: value for name in FILTERS if (value := request.args.get(name))}
    return render(
        "invoices/index.html",
        form=form,
        filters=filters,
        found=found,
        unpaid=search.unpaid(current_organization),
        newer=found.newer and url_for(".index", after=found.newer, **kept),
        older=found.older and url_for(".index", before=found.older, **kept),
        may_pay=current_membership.may(Role.BILLING),
    )


@bp.get("/<number>")
@member_of_organization
def show(number: str) -> ResponseReturnValue:
    invoice, refunds = service.get_with_refunds(current_organization, number)
    lines = service.lines(invoice, LINES + 1)
    document = InvoiceDocument.of(invoice, lines, current_organization, current_app.extensions["settings"], limit=LINES)
    return render(
        "invoices/show.html",
        invoice=invoice,
        document=document,
        pdf=printing.state(invoice),
        refunds=refunds,
        refunded=invoice.money(sum(refund.amount for refund in refunds if not refund.is_gone)),
        may_pay=current_membership.may(Role.BILLING),
    )


@bp.get("/<number>/pdf")
@member_of_organization
def pdf(number: str) -> ResponseReturnValue:
    """The file; while it is being made a page (or, for htmx, the partial) that says so."""
    invoice = service.get(current_organization, number)
    path = printing.stored(invoice)
    if wants_partial() or path is None:
        return render("invoices/pdf_waiting.html", "invoices/_pdf.html", invoice=invoice, pdf=printing.state(invoice))
    return download.of(invoice, path)


@bp.post("/<number>/pdf")
@member_of_organization
def make_pdf(number: str) -> ResponseReturnValue:
    invoice = service.get(current_organization, number)
    printing.ask_again(invoice)
    return refresh("invoices/_pdf.html", url_for(".show", number=number), invoice=invoice, pdf=printing.state(invoice))
