"""Door 1: going on after a trial that ended without a card, by adding one that pays at once."""

from flask import Blueprint, current_app, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core import i18n
from app.core.errors import answers_json
from app.core.extensions import limiter
from app.core.pages import public_url, render
from app.core.security import allow_card_form
from app.organizations.context import current_organization
from app.organizations.guards import may
from app.organizations.models import Role
from app.subscriptions import service
from app.subscriptions.forms import AmountForm
from app.subscriptions.models import Subscription
from app.subscriptions.pauses import resuming

from . import checkout, continuing

bp = Blueprint("continuation", __name__, url_prefix="/subscription/continuation")


def _whose() -> str:
    return str(current_organization.public_id) if current_organization else "nobody"


@bp.get("")
@may(Role.BILLING)
def show() -> ResponseReturnValue:
    """A card, and what it pays at once."""
    current = service.latest(current_organization)
    if current is None or not current.is_trial_over:
        return redirect(url_for("subscriptions.show"))
    if current.default_payment_method:
        return redirect(url_for("subscription_pause.resume"))
    subscription, preview = resuming.preview(current_organization)
    allow_card_form()
    settings = current_app.extensions["settings"]
    return render(
        "subscriptions/continuation.html",
        subscription=subscription,
        preview=preview,
        due=preview.money(preview.amount_due),
        form=AmountForm(formdata=None, amount=preview.amount_due),
        stripe_js_url=settings.stripe_js_url,
        publishable_key=settings.stripe_publishable_key,
        return_url=public_url("continuation.arrive"),
    )


@bp.post("")
@limiter.limit("30/hour", key_func=_whose)
@may(Role.BILLING)
@answers_json
def start() -> ResponseReturnValue:
    """Answers JSON for the card form's script: what Stripe.js is to confirm."""
    form = AmountForm()
    if not form.validate_on_submit():
        return jsonify(errors=form.errors, error=_("This form is incomplete. Reload the page and try again.")), 422
    secret = continuing.start(current_organization, shown=int(form.amount.data), token=form.token.data)
    return jsonify(kind="setup", client_secret=secret)


@bp.get("/return")
@may(Role.BILLING)
def arrive() -> ResponseReturnValue:
    """Back from Stripe, which appended a secret: take it out of the address bar, the history and every later Referer."""
    intent_id = request.args.get("setup_intent")
    return redirect(url_for(".result", intent_id=intent_id) if intent_id else url_for("subscriptions.show"))


@bp.get("/return/<intent_id>")
@may(Role.BILLING)
def result(intent_id: str) -> ResponseReturnValue:
    """On to what comes next: the plan, its unpaid invoice, another amount to agree to, or another try with the card."""
    intent = checkout.complete(current_organization, intent_id)
    subscription = service.running(current_organization)
    if not subscription.is_trial_over:
        flash(_going_on(subscription), "success")
        return redirect(url_for("subscriptions.show"))
    if not intent.is_done:
        flash(intent.error or _("Your card was not confirmed. Nothing was charged."), "warning")
        return redirect(url_for(".show"))
    if subscription.latest_invoice and continuing.is_tried(intent_id):
        return redirect(url_for("pay.by_stripe_id", stripe_id=subscription.latest_invoice))
    flash(
        _("Your card is saved. The amount has changed meanwhile, so nothing was charged; look at it again."), "warning"
    )
    return redirect(url_for("subscription_pause.resume"))


def _going_on(subscription: Subscription) -> str:
    plan, until = subscription.price.plan.name, i18n.day(subscription.current_period_end)
    return str(_("%(plan)s is active until %(date)s and renews by itself.", plan=plan, date=until))
