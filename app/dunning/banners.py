"""What every page says while the renewal of the plan is not paid: how much, why, when it is tried again, and how long access
goes on."""

from flask import url_for
from flask_babel import gettext as _

from app.core import i18n
from app.core.pages import Banner
from app.invoices.context import owed_invoice
from app.invoices.models import Invoice
from app.organizations.context import current_membership
from app.organizations.models import Role
from app.subscriptions.access import access
from app.subscriptions.context import current_subscription
from app.subscriptions.models import Subscription

from . import context, reasons
from .models import CaseState
from .reasons import Reason


def of_renewal() -> Banner | None:
    subscription, invoice = current_subscription(), owed_invoice()
    if subscription is None or invoice is None:
        return None
    text = " ".join([_failure(subscription, invoice), *_what_comes(subscription, invoice)])
    if not current_membership.may(Role.BILLING):
        return Banner("payment_owed", "danger", text, _("See invoices"), url_for("invoices.index"))
    pay = url_for("pay.show", number=invoice.number)
    return Banner("payment_owed", "danger", text, _("Pay now"), pay)


def _failure(subscription: Subscription, invoice: Invoice) -> str:
    plan, amount, case = subscription.price.plan.name, i18n.money(invoice.remaining), context.case_of(invoice)
    if invoice.asks_owner:
        return str(_("Your bank asks you to confirm the payment for %(plan)s: %(amount)s.", plan=plan, amount=amount))
    text = str(_("The last payment for %(plan)s failed. %(amount)s is due.", plan=plan, amount=amount))
    return f"{text} {reasons.sentence(case.reason, case.code)}" if case else text


def _what_comes(subscription: Subscription, invoice: Invoice) -> list[str]:
    found, decision = [_next_attempt(invoice)], access(subscription)
    if not decision.allowed:
        found.append(_("Access is restricted until it is paid."))
    elif decision.until:
        found.append(_("You keep full access until %(date)s.", date=i18n.moment(decision.until)))
    return [sentence for sentence in found if sentence]


def _next_attempt(invoice: Invoice) -> str:
    case, at = context.case_of(invoice), context.next_attempt_at(invoice)
    if at:
        return str(_("Next attempt: %(date)s.", date=i18n.moment(at)))
    if case is None or case.state == CaseState.STOPPED:
        return ""
    if case.reason == Reason.AUTHENTICATION:
        return str(_("We do not try again without you."))
    if case.reason == Reason.DECLINED:
        return str(_("We do not try again by ourselves."))
    return str(_("With another card we try again at once."))
