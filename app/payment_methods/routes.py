"""Door 1: the saved cards. Whoever looks after billing changes them, everybody in the organization may look."""

from flask import Blueprint, current_app, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.core.errors import PortalError, answers_json
from app.core.extensions import limiter
from app.core.pages import public_url, render
from app.core.security import allow_card_form
from app.core.transactions import commit
from app.gateway.payment_intents import IntentRecord
from app.organizations.context import current_organization
from app.organizations.guards import may, member_of_organization
from app.organizations.models import Role
from app.subscriptions.context import current_subscription
from app.subscriptions.forms import DeedForm
from app.subscriptions.purchases.checkout import Buyer

from . import adding, defaults, removing, service
from .context import current_cards
from .forms import AddCardForm, FirstCardForm, MakeDefaultForm

bp = Blueprint("payment_methods", __name__, url_prefix="/payment-methods")


@bp.get("")
@member_of_organization
def index() -> ResponseReturnValue:
    """`?deed=` names the deed that was just done, whose outcome is told above the list."""
    cards, subscription = current_cards(), current_subscription()
    charged = service.charged(cards, subscription)
    return render(
        "payment_methods/index.html",
        cards=cards,
        charged=charged,
        doubles=service.doubles(cards, charged),
        subscription=subscription if subscription and subscription.is_running else None,
        due=defaults.due(defaults.overdue(current_organization)),
        tries=defaults.tries(current_organization, request.args.get("deed", "")),
        form=MakeDefaultForm(formdata=None),
    )


@bp.get("/new")
@may(Role.BILLING)
def add() -> ResponseReturnValue:
    form, late = _add_form(), defaults.overdue(current_organization)
    form.due.data = defaults.owed(late)
    if isinstance(form, FirstCardForm):
        form.name.data = current_organization.billing_name or current_organization.name
        form.country.data = current_organization.country or ""
    allow_card_form()
    settings, subscription = current_app.extensions["settings"], current_subscription()
    return render(
        "payment_methods/new.html",
        form=form,
        due=defaults.due(late),
        currency=subscription.price.currency if subscription else "usd",
        stripe_js_url=settings.stripe_js_url,
        publishable_key=settings.stripe_publishable_key,
        return_url=public_url("payment_methods.arrive"),
    )


@bp.post("/new")
@limiter.limit("30/hour", key_func=lambda: current_organization.public_id if current_organization else "nobody")
@may(Role.BILLING)
@answers_json
def start() -> ResponseReturnValue:
    """Answers JSON for the card form's script: what Stripe.js is to confirm."""
    form = _add_form()
    if not form.validate_on_submit():
        return jsonify(errors=form.errors, error=_("Please check your entries.")), 422
    buyer = None
    if isinstance(form, FirstCardForm):
        buyer = Buyer(name=form.name.data.strip(), country=form.country.data, email=current_user.email)
    is_default, due = bool(form.make_default.data), form.due.data or ""
    secret = adding.start(current_organization, buyer, make_default=is_default, due=due, token=form.token.data)
    return jsonify(kind="setup", client_secret=secret)


def _add_form() -> AddCardForm:
    return AddCardForm() if current_organization.stripe_customer_id else FirstCardForm()


@bp.get("/return")
@may(Role.BILLING)
def arrive() -> ResponseReturnValue:
    """Back from Stripe, which appended a secret: take it out of the address bar, the history and every later Referer."""
    intent_id = request.args.get("setup_intent")
    return redirect(url_for(".result", intent_id=intent_id) if intent_id else url_for(".index"))


@bp.get("/return/<intent_id>")
@may(Role.BILLING)
def result(intent_id: str) -> ResponseReturnValue:
    intent = adding.complete(current_organization, intent_id, commit)
    card = next((card for card in current_cards() if card.stripe_id == intent.payment_method), None)
    return render(
        "payment_methods/return.html",
        "payment_methods/_result.html",
        intent=intent,
        outcome=_outcome(intent),
        card=card,
        is_default=defaults.is_done(current_organization, intent_id),
        due=defaults.due(defaults.overdue(current_organization)),
        tries=defaults.tries(current_organization, intent_id),
    )


def _outcome(intent: IntentRecord) -> str:
    if intent.is_done:
        return "done"
    return "processing" if intent.is_processing else "failed"


@bp.post("/<public_id>/default")
@may(Role.BILLING)
def make_default(public_id: str) -> ResponseReturnValue:
    form = MakeDefaultForm()
    if not form.validate_on_submit():
        raise PortalError(str(form.token.errors[0]))
    try:
        label = defaults.make(current_organization, public_id, form.token.data, form.due.data or "", commit)
    except (service.CardNotFound, defaults.DueChanged) as error:
        return _back(str(error), "warning")
    return _back(_("%(card)s is the default card from now on.", card=label), "success", deed=form.token.data)


@bp.get("/<public_id>/removal")
@may(Role.BILLING)
def remove(public_id: str) -> ResponseReturnValue:
    """GET asks whether it is meant; no script needed for a second thought."""
    try:
        card = removing.check(current_organization, public_id)
    except service.CardNotFound as error:
        return _back(str(error), "warning")
    except removing.CardNeeded as needed:
        return render("payment_methods/needed.html", needed=needed), needed.status
    return render("payment_methods/remove.html", card=card, form=DeedForm())


@bp.post("/<public_id>/removal")
@may(Role.BILLING)
def confirm_removal(public_id: str) -> ResponseReturnValue:
    form = DeedForm()
    if not form.validate_on_submit():
        raise PortalError(str(form.token.errors[0]))
    try:
        label = removing.remove(current_organization, public_id, form.token.data, commit)
    except service.CardNotFound as error:
        return _back(str(error), "warning")
    except removing.CardNeeded as needed:
        return render("payment_methods/needed.html", needed=needed), needed.status
    return _back(_("%(card)s was removed.", card=label), "success")


def _back(sentence: str, tone: str, deed: str | None = None) -> ResponseReturnValue:
    flash(sentence, tone)
    return redirect(url_for(".index", deed=deed), 303)
