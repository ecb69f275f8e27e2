"""Door 1: checkout. Always a full page load; the page itself creates nothing, only the post does."""

from dataclasses import replace

from flask import Blueprint, current_app, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.catalog import service as catalog
from app.catalog.models import Price
from app.catalog.tree import Plan
from app.core.errors import answers_json
from app.core.extensions import db, limiter
from app.core.pages import go, public_url, render
from app.core.security import allow_card_form
from app.core.transactions import abandon
from app.gateway.payment_intents import IntentRecord
from app.organizations.context import current_organization
from app.organizations.guards import may, member_of_organization
from app.organizations.models import Role
from app.promotions import guards
from app.promotions.refusals import CodeRefused
from app.subscriptions import seats, service
from app.subscriptions.context import current_subscription
from app.subscriptions.forms import CheckoutForm
from app.subscriptions.models import Subscription
from app.subscriptions.trial_cards import TrialCardUsed

from . import buying, checkout, offers
from .buying import Confirmation
from .checkout import Buyer
from .offers import Offer, Order

bp = Blueprint("checkout", __name__, url_prefix="/checkout")


LOOKS = "60/minute"
"""Each look asks Stripe."""
TRIES = "30/hour"


def _whose() -> str:
    return str(current_organization.public_id) if current_organization else "nobody"


def _price(public_id: str) -> Price:
    """A price that is for sale: listed, not archived, not free. Raises NotFound."""
    return catalog.sellable(public_id)


@bp.get("/<public_id>")
@limiter.limit(LOOKS, key_func=_whose)
@guards.limited
@may(Role.BILLING)
def show(public_id: str) -> ResponseReturnValue:
    """The order as it would be; nothing is made by looking. `quantity` and `promotion_code` may be in the address."""
    price = _price(public_id)
    return _page(price, _form(), *_typed(price))


@bp.post("/<public_id>")
@limiter.limit(TRIES, key_func=_whose)
@guards.limited
@may(Role.BILLING)
@answers_json
def start(public_id: str) -> ResponseReturnValue:
    """Answers JSON for the card form's script: what Stripe.js is to confirm, or where to go instead."""
    form, price = CheckoutForm(), _price(public_id)
    if not form.validate_on_submit():
        return jsonify(errors=form.errors, error=_("Please check your entries.")), 422
    confirmation = _start(price, form)
    if confirmation.kind == "done":
        return jsonify(redirect=url_for("subscriptions.show"))
    return jsonify(kind=confirmation.kind, client_secret=confirmation.client_secret)


@bp.post("/<public_id>/free")
@limiter.limit(TRIES, key_func=_whose)
@guards.limited
@may(Role.BILLING)
def start_free(public_id: str) -> ResponseReturnValue:
    """The same where nothing is ever to be paid: no card, so a plain form does. If something is, checkout asks for it."""
    form, price = CheckoutForm(), _price(public_id)
    if not form.validate_on_submit():
        return _page(price, form, form.quantity.data or "", form.promotion_code.data or "", 422)
    confirmation = _start(price, form)
    if confirmation.kind == "done":
        return redirect(url_for("subscriptions.show"), 303)
    return redirect(url_for(".show", public_id=public_id), 303)


def _start(price: Price, form: CheckoutForm) -> Confirmation:
    buyer = Buyer(name=form.name.data.strip(), country=form.country.data, email=current_user.email)
    order = Order(price, _seats(price, form.quantity.data or ""), (form.promotion_code.data or "").strip())
    shown = int(form.amount.data) if form.amount.data else None
    with guards.counted():
        return buying.start(current_organization, order, buyer, shown=shown, token=form.token.data)


def _form() -> CheckoutForm:
    name = current_organization.billing_name or current_organization.name
    return CheckoutForm(name=name, country=current_organization.country or "")


def _typed(price: Price) -> tuple[str, str]:
    """Seats and code as the address has them; where it has neither, those of an unfinished start of this price."""
    if not {"quantity", guards.FIELD} & set(request.args):
        begun = current_subscription()
        if begun is not None and begun.is_incomplete and begun.price_id == price.id:
            return str(begun.quantity), begun.promotion_code or ""
    return request.args.get("quantity", ""), request.args.get(guards.FIELD, "").strip()


def _seats(price: Price, text: str) -> int:
    """The number of seats somebody typed, the fewest there are for nothing. Raises SeatsOutOfRange."""
    plan = _plan(price)
    return seats.typed(plan, text) if text else seats.bounds(plan)[0]


def _plan(price: Price) -> Plan:
    plan = catalog.current().plan(price.plan.key)
    assert plan is not None, "a price that is for sale is in the catalogue"
    return plan


def _page(price: Price, form: CheckoutForm, quantity: str, code: str, status: int = 200) -> ResponseReturnValue:
    """The order with what was typed, or without the part of it that cannot be had, said beside its field."""
    problems = {}
    try:
        order = Order(price, _seats(price, quantity), code)
    except seats.SeatsOutOfRange as error:
        problems["quantity"] = str(error)
        order = Order(price, _seats(price, ""), code)
    try:
        offer, refusal = _offer(order)
    except offers.AlreadySubscribed:
        current = service.latest(current_organization)
        return render("subscriptions/already_subscribed.html", price=price, subscription=current), 409
    if refusal:
        problems[guards.FIELD] = refusal
    typed = {"quantity": quantity, guards.FIELD: code}
    return _rendered(offer, form, typed, problems), 422 if problems else status


def _offer(order: Order) -> tuple[Offer, str]:
    """With the code, or without it and why."""
    try:
        with guards.counted():
            return offers.of(current_organization, order), ""
    except CodeRefused as error:
        abandon()
        db.session.refresh(order.price, ["plan"])
        return offers.of(current_organization, replace(order, code="")), str(error)


def _rendered(offer: Offer, form: CheckoutForm, typed: dict[str, str], problems: dict[str, str]) -> str:
    form.quantity.data, form.promotion_code.data = str(offer.order.quantity), offer.order.code
    form.amount.data = str(offer.due_today.amount)
    allow_card_form()
    settings = current_app.extensions["settings"]
    plan = _plan(offer.price)
    return render(
        "subscriptions/checkout.html",
        offer=offer,
        form=form,
        bounds=seats.bounds(plan) if seats.has_seats(plan) else None,
        stripe_js_url=settings.stripe_js_url,
        publishable_key=settings.stripe_publishable_key,
        return_url=public_url("checkout.arrive"),
        typed=typed,
        problems=problems,
    )


@bp.get("/return")
@member_of_organization
def arrive() -> ResponseReturnValue:
    """Back from Stripe, which appended a secret: take it out of the address bar, the history and every later Referer."""
    intent_id = request.args.get("payment_intent") or request.args.get("setup_intent")
    return redirect(url_for(".result", intent_id=intent_id) if intent_id else url_for("overview.index"))


@bp.get("/return/<intent_id>")
@limiter.limit(LOOKS, key_func=_whose)
@member_of_organization
def result(intent_id: str) -> ResponseReturnValue:
    try:
        intent = checkout.complete(current_organization, intent_id)
    except TrialCardUsed:
        return go(url_for("paid_start.show", intent_id=intent_id))
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
