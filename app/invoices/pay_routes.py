"""The doors to paying an open invoice: signed in from its page, signed out by the link of a mail."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.auth import tokens
from app.auth.fields import new_token
from app.core import clock, i18n
from app.core.errors import PortalError
from app.core.errors import page as error_page
from app.core.extensions import limiter
from app.core.pages import public_url, render
from app.core.security import allow_card_form, keep_address_secret
from app.core.transactions import abandon
from app.organizations.context import current_organization
from app.organizations.guards import may
from app.organizations.models import Organization, Role
from app.subscriptions.context import current_subscription
from app.subscriptions.models import Subscription

from . import pay_links, pay_offers, paying, service
from .forms import AmountForm, PayForm
from .models import Invoice
from .paying import Result

bp = Blueprint("pay", __name__)

LINES = 20
TRIES = "30/hour"
JUST_PAID = timedelta(hours=1)
"""How long the page speaks of a payment as of one that was just made."""


@dataclass(frozen=True)
class Desk:
    """Where somebody pays: what they owe, and the addresses of this way in. `link` is None when they are signed in."""

    organization: Organization
    invoice: Invoice
    link: str | None = None

    def url(self, door: str, card: str | None = None) -> str:
        if self.link:
            return url_for(f"pay.link{door}", link=self.link, card=card)
        return url_for(f"pay.show{door}", number=self.invoice.number, card=card)

    @property
    def return_url(self) -> str:
        if self.link:
            return public_url("pay.link_return", link=self.link)
        return public_url("pay.show_return", number=self.invoice.number)


def _whose() -> str:
    return current_organization.public_id if current_organization else "nobody"


def _which_link() -> str:
    return tokens.digest(str((request.view_args or {}).get("link"))).hex()


def _mine(number: str) -> Desk:
    return Desk(current_organization, service.get(current_organization, number))


def _linked(link: str) -> Desk:
    invoice, organization = pay_links.find(link)
    i18n.use(organization.locale, organization.timezone)
    keep_address_secret()
    return Desk(organization, invoice, link)


@bp.get("/invoices/<number>/payment")
@may(Role.BILLING)
def show(number: str) -> ResponseReturnValue:
    return _page(_mine(number))


@bp.post("/invoices/<number>/payment")
@limiter.limit(TRIES, key_func=_whose)
@may(Role.BILLING)
def show_charge(number: str) -> ResponseReturnValue:
    return _charge(_mine(number))


@bp.post("/invoices/<number>/payment/card")
@limiter.limit(TRIES, key_func=_whose)
@may(Role.BILLING)
def show_card(number: str) -> ResponseReturnValue:
    return _another_card(_mine(number))


@bp.get("/invoices/<number>/payment/return")
@may(Role.BILLING)
def show_return(number: str) -> ResponseReturnValue:
    """Back from Stripe, which appended a secret: take it out of the address. The page asks Stripe itself."""
    return redirect(url_for("pay.show", number=number))


@bp.get("/invoices/pay/<stripe_id>")
@may(Role.BILLING)
def by_stripe_id(stripe_id: str) -> ResponseReturnValue:
    """To the payment page of an invoice we may not have heard of yet; a draft has none."""
    invoice = paying.find(current_organization, stripe_id)
    return redirect(url_for("pay.show", number=invoice.number) if invoice else url_for("invoices.index", status="open"))


@bp.get("/pay/<link>")
@limiter.limit("60/minute")
def link(link: str) -> ResponseReturnValue:
    return _page(_linked(link))


@bp.post("/pay/<link>")
@limiter.limit(TRIES)
@limiter.limit(TRIES, key_func=_which_link)
def link_charge(link: str) -> ResponseReturnValue:
    return _charge(_linked(link))


@bp.post("/pay/<link>/card")
@limiter.limit(TRIES)
@limiter.limit(TRIES, key_func=_which_link)
def link_card(link: str) -> ResponseReturnValue:
    return _another_card(_linked(link))


@bp.get("/pay/<link>/return")
@limiter.limit("60/minute")
def link_return(link: str) -> ResponseReturnValue:
    keep_address_secret()
    return redirect(url_for("pay.link", link=link))


@bp.errorhandler(pay_links.LinkGone)
def _gone(error: pay_links.LinkGone) -> ResponseReturnValue:
    abandon()
    keep_address_secret()
    after = url_for("pay.show", number=error.number) if error.number else url_for("invoices.index")
    return render_template("invoices/pay_gone.html", sentence=str(error), after=after), error.status


def _page(desk: Desk, refusal: str = "") -> str:
    """What there is to pay and how, or how it went."""
    offer = pay_offers.of(desk.organization, desk.invoice, every_card=desk.link is None)
    form = PayForm(formdata=None, amount=str(offer.due.amount), card=offer.chosen)
    form.card.choices = offer.choices
    if offer.is_due:
        allow_card_form()
    settings = current_app.extensions["settings"]
    return render(
        "invoices/pay.html",
        "invoices/_pay_result.html",
        desk=desk,
        invoice=desk.invoice,
        offer=offer,
        form=form,
        refusal=refusal or offer.refusal,
        is_refused_now=bool(refusal),
        is_paid_now=clock.now() - (desk.invoice.paid_at or clock.now()) < JUST_PAID,
        with_another=not offer.cards or request.args.get("card") == "other",
        lines=service.lines(desk.invoice, LINES),
        waiting=_waiting_change(desk),
        token=new_token(),
        seller=settings.seller_name,
        stripe_js_url=settings.stripe_js_url,
        publishable_key=settings.stripe_publishable_key,
    )


def _waiting_change(desk: Desk) -> Subscription | None:
    """The plan whose change comes with this payment, which whoever is signed in may discard instead."""
    subscription = None if desk.link else current_subscription()
    return subscription if subscription and subscription.is_waiting and desk.invoice.awaits else None


def _charge(desk: Desk) -> ResponseReturnValue:
    """Charge a saved card. The page's script asks for JSON and goes on with the bank's question; a plain form gets pages."""
    form = PayForm()
    if not form.validate_on_submit():
        return _refused(desk, _complaints(form), 422)
    card = form.card.data
    try:
        if desk.link:  # whose page names no card by its id
            card = _offered(desk)
            if card is None:
                return _to_page(desk)
        outcome = paying.pay(desk.organization, desk.invoice, card, form.token.data, shown=int(form.amount.data))
    except PortalError as error:
        return _refused(desk, str(error), error.status)
    if outcome.result == Result.DECLINED:
        return _refused(desk, outcome.sentence, 402)
    if outcome.client_secret and _asks_for_json():
        return jsonify(kind="action", client_secret=outcome.client_secret, token=new_token())
    return _to_page(desk)


def _to_page(desk: Desk) -> ResponseReturnValue:
    return jsonify(redirect=desk.url("")) if _asks_for_json() else redirect(desk.url(""), 303)


def _offered(desk: Desk) -> str | None:
    """The card of the link's page, None when nothing is due. Raises NoCardOffered."""
    offer = pay_offers.of(desk.organization, desk.invoice, every_card=False)
    if offer.is_due and offer.chosen is None:
        raise pay_offers.NoCardOffered()
    return offer.chosen


def _refused(desk: Desk, sentence: str, status: int) -> ResponseReturnValue:
    """The sentence beside the form, which may be sent again as another deed."""
    abandon()
    if _asks_for_json():
        return jsonify(error=sentence, token=new_token()), status
    return (_page(desk, sentence), status) if status < 500 else error_page(status, sentence)


def _another_card(desk: Desk) -> ResponseReturnValue:
    """JSON for the card form's script: what Stripe.js is to confirm, or where to go instead."""
    form = AmountForm()
    if not form.validate_on_submit():
        return _refused(desk, _complaints(form), 422)
    try:
        outcome = paying.with_another_card(desk.organization, desk.invoice, shown=int(form.amount.data))
    except PortalError as error:
        return _refused(desk, str(error), error.status)
    if outcome.client_secret is None:
        return jsonify(redirect=desk.url(""))
    return jsonify(kind="payment", client_secret=outcome.client_secret)


def _complaints(form: AmountForm) -> str:
    return " ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences)


def _asks_for_json() -> bool:
    return request.accept_mimetypes.best == "application/json"
