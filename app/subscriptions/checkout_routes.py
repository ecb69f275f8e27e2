"""Door 1: checkout. Always a full page load; the page itself creates nothing, only the post does."""

from flask import Blueprint, current_app, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.catalog import service as catalog
from app.catalog.models import Price
from app.core.errors import answers_json
from app.core.extensions import limiter
from app.core.pages import public_url, render
from app.core.security import allow_card_form
from app.gateway.payment_intents import IntentRecord
from app.organizations.context import current_organization
from app.organizations.guards import may, member_of_organization
from app.organizations.models import Role

from . import checkout, offers, service
from .forms import CheckoutForm
from .models import Subscription

bp = Blueprint("checkout", __name__, url_prefix="/checkout")


def _price(public_id: str) -> Price:
    """A price that is for sale: listed, not archived, not free. Raises NotFound."""
    return catalog.sellable(public_id)


@bp.get("/<public_id>")
@may(Role.BILLING)
def show(public_id: str) -> ResponseReturnValue:
    price = _price(public_id)
    try:
        offer = offers.of(current_organization, price)
    except offers.AlreadySubscribed:
        current = service.latest(current_organization)
        return render("subscriptions/already_subscribed.html", price=price, subscription=current), 409
    name = current_organization.billing_name or current_organization.name
    form = CheckoutForm(name=name, country=current_organization.country or "")
    allow_card_form()
    settings = current_app.extensions["settings"]
    return render(
        "subscriptions/checkout.html",
        offer=offer,
        form=form,
        stripe_js_url=settings.stripe_js_url,
        publishable_key=settings.stripe_publishable_key,
        return_url=public_url("checkout.arrive"),
    )


@bp.post("/<public_id>")
@limiter.limit("30/hour", key_func=lambda: current_organization.public_id if current_organization else "nobody")
@may(Role.BILLING)
@answers_json
def start(public_id: str) -> ResponseReturnValue:
    """Answers JSON for the card form's script: what Stripe.js is to confirm, or where to go instead."""
    form = CheckoutForm()
    if not form.validate_on_submit():
        return jsonify(errors=form.errors, error=_("Please check your entries.")), 422
    buyer = checkout.Buyer(name=form.name.data.strip(), country=form.country.data, email=current_user.email)
    confirmation = checkout.start(current_organization, _price(public_id), buyer, form.token.data)
    if confirmation.kind == "done":
        return jsonify(redirect=url_for("subscriptions.show"))
    return jsonify(kind=confirmation.kind, client_secret=confirmation.client_secret)


@bp.get("/return")
@member_of_organization
def arrive() -> ResponseReturnValue:
    """Back from Stripe, which appended a secret: take it out of the address bar, the history and every later Referer."""
    intent_id = request.args.get("payment_intent") or request.args.get("setup_intent")
    return redirect(url_for(".result", intent_id=intent_id) if intent_id else url_for("overview.index"))


@bp.get("/return/<intent_id>")
@member_of_organization
def result(intent_id: str) -> ResponseReturnValue:
    intent = checkout.complete(current_organization, intent_id)
    subscription = service.latest(current_organization)
    context = {
        "intent": intent,
        "subscription": subscription,
        "outcome": _outcome(intent),
        "retry_url": _retry(subscription),
    }
    return render("subscriptions/return.html", "subscriptions/_result.html", **context)


def _outcome(intent: IntentRecord) -> str:
    if intent.is_done:
        return "done"
    return "processing" if intent.is_processing else "failed"


def _retry(subscription: Subscription | None) -> str:
    """Back to the same checkout, which takes up the unfinished start."""
    if subscription is not None and subscription.is_incomplete:
        return url_for(".show", public_id=subscription.price.public_id)
    return url_for("catalog.plans")
