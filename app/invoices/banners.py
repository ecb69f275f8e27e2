"""What every page says while the renewal of the plan is not paid: how much, whether the bank asks, when it is tried again,
and how long access goes on."""

from flask import url_for
from flask_babel import gettext as _

from app.core import i18n
from app.core.pages import Banner
from app.organizations.context import current_membership
from app.organizations.models import Role
from app.subscriptions.access import access
from app.subscriptions.context import current_subscription

from .context import owed_invoice


def of_renewal() -> Banner | None:
    subscription, invoice = current_subscription(), owed_invoice()
    if subscription is None or invoice is None:
        return None
    plan, amount = subscription.price.plan.name, i18n.money(invoice.remaining)
    if invoice.asks_owner:
        text = _("Your bank asks you to confirm the payment for %(plan)s: %(amount)s.", plan=plan, amount=amount)
    else:
        text = _("The last payment for %(plan)s failed. %(amount)s is due.", plan=plan, amount=amount)
    if invoice.next_payment_attempt_at:
        text += " " + _("Next attempt: %(date)s.", date=i18n.day(invoice.next_payment_attempt_at))
    decision = access(subscription)
    if not decision.allowed:
        text += " " + _("Access is restricted until it is paid.")
    elif decision.until:
        text += " " + _("You keep full access until %(date)s.", date=i18n.day(decision.until))
    if not current_membership.may(Role.BILLING):
        return Banner("payment_owed", "danger", text, _("See invoices"), url_for("invoices.index"))
    pay = url_for("pay.show", number=invoice.number)
    return Banner("payment_owed", "danger", text, _("Pay now"), pay)
