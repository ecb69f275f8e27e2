"""Paying an open invoice while the customer is there: with a saved card, once per form, however often it is pressed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from app.audit import service as audit
from app.core import clock, i18n, leases
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.hooks import Hooks
from app.core.logs import log
from app.core.money import Money
from app.core.transactions import apart
from app.gateway import intents
from app.gateway import invoice_payments as gateway
from app.gateway.errors import GatewayNotFound, GatewayRefused, GatewayUnavailable, PaymentDeclined
from app.gateway.invoice_payments import PaymentState
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions
from app.subscriptions.mirror import UnknownPrice

from . import service
from .models import Invoice

LEASE_SECONDS = 45
"""Longer than Stripe's slowest answer."""

Tried = Callable[[Invoice, "Outcome", PaymentState, str], None]
tried: Hooks[Tried] = Hooks()
"""Rooms above hear of each charge of an invoice: what came of it, and who asked for it, `customer` or `card`.

They write it apart: the page answers a refusal with an error, which takes back what its own transaction wrote.
"""

_NOTHING = _l("Nothing is due on this invoice.")
_SETTLED = {
    "void": _l("This invoice was voided. Nothing is due on it any more."),
    "uncollectible": _l("This invoice was written off. Nothing is collected on it any more."),
}


class Result(StrEnum):
    PAID = "paid"
    PROCESSING = "processing"
    NEEDS_CONFIRMATION = "needs_confirmation"
    DECLINED = "declined"
    ALREADY_PAID = "already_paid"
    NOT_OWED = "not_owed"


@dataclass(frozen=True)
class Outcome:
    """What became of the press; `sentence` is for the customer, Stripe's own when the card was declined.

    `client_secret` is there when the bank asks for the customer: Stripe.js goes on with it.
    """

    result: Result
    sentence: str
    client_secret: str | None = field(default=None, repr=False)

    @property
    def is_settled(self) -> bool:
        return self.result in {Result.PAID, Result.ALREADY_PAID}


class AmountChanged(PortalError):
    """The button said another amount than what is due by now; nothing was charged."""

    status = 409
    code = "amount_changed"

    def __init__(self, due: Money) -> None:
        amount = i18n.money(due)
        super().__init__(
            _(
                "The amount due changed to %(amount)s meanwhile. Nothing was charged; "
                "look at the page again before you pay.",
                amount=amount,
            )
        )


class PaymentUnknown(PortalError):
    """Stripe may have heard us although we did not hear Stripe; the same form finds out."""

    status = 503
    code = "payment_unknown"

    def __init__(self) -> None:
        super().__init__(
            _("We could not hear how the payment went. Look at the invoice in a minute; you will not be charged twice.")
        )


def lease(invoice: Invoice) -> str:
    """The name of the lease that everybody holds who charges this invoice."""
    return f"invoice-pay:{invoice.stripe_id}"


def pay(
    organization: Organization,
    invoice: Invoice,
    payment_method: str | None,
    token: str,
    *,
    shown: int | None = None,
    asked_by: str = "customer",
) -> Outcome:
    """Charge what remains to a saved card (Stripe's id; None for the one Stripe would charge) and absorb what came of it.

    `token` is the form's one-use token: the same one never charges twice. `shown` is the amount the customer saw, in
    minor units. Raises AmountChanged, PaymentUnknown, Busy, GatewayUnavailable.
    """
    key = f"{lease(invoice)}:{token}"
    with leases.hold(lease(invoice), LEASE_SECONDS):
        state, refusal = gateway.look(invoice.stripe_id), ""
        if was_due := state.is_owed and not state.is_processing:
            _refuse_another_amount(state, shown)
            _somebody_is_here(invoice)
            refusal = _charge(key, invoice.stripe_id, payment_method)
            state = gateway.look(invoice.stripe_id)
        outcome = outcome_of(state, refusal=refusal, is_ours=intents.outcome(key) is not None)
        if outcome.result == Result.DECLINED:
            _note_refusal(invoice, state)
        for hear in tried if was_due else ():
            hear(invoice, outcome, state, asked_by)
        absorb(organization, invoice.stripe_id)
    return outcome


def with_another_card(organization: Organization, invoice: Invoice, *, shown: int) -> Outcome:
    """The secret with which the browser pays by a card typed in there, as long as something is owed.

    `shown` as for `pay`. Raises AmountChanged, GatewayUnavailable.
    """
    state = look(organization, invoice)
    if not state.is_owed or state.is_processing:
        return outcome_of(state)
    _refuse_another_amount(state, shown)
    _somebody_is_here(invoice)
    return Outcome(Result.NEEDS_CONFIRMATION, "", state.client_secret)


def look(organization: Organization, invoice: Invoice) -> PaymentState:
    """How its payment stands at Stripe; what our row does not know yet is absorbed. Raises GatewayUnavailable."""
    state = gateway.look(invoice.stripe_id)
    if state.status != invoice.status:
        absorb(organization, invoice.stripe_id)
    return state


def find(organization: Organization, stripe_id: str) -> Invoice | None:
    """The organization's invoice with this id at Stripe, fetched if we have not heard of it; None for a draft.

    Raises InvoiceNotFound, also for somebody else's.
    """
    if not stripe_id.isprintable():  # PostgreSQL takes no NUL
        raise service.InvoiceNotFound()
    known = db.session.scalar(Invoice.of(organization).where(Invoice.stripe_id == stripe_id))
    if known is not None:
        return known
    try:
        owner = gateway.look(stripe_id).customer
    except GatewayNotFound as error:
        raise service.InvoiceNotFound() from error
    if owner != organization.stripe_customer_id:
        raise service.InvoiceNotFound()
    return absorb(organization, stripe_id)


def _refuse_another_amount(state: PaymentState, shown: int | None) -> None:
    if shown is not None and shown != state.remaining:
        raise AmountChanged(Money(state.remaining, state.currency))


def _somebody_is_here(invoice: Invoice) -> None:
    """Known before the bank may ask, so that no mail asks as well."""
    with apart() as session:
        session.execute(update(Invoice).where(Invoice.id == invoice.id).values(tried_at=clock.wall()))


def _note_refusal(invoice: Invoice, state: PaymentState) -> None:
    data = {"number": invoice.number, "amount": state.remaining, "currency": state.currency}
    audit.write_apart("invoice.payment_declined", invoice.public_id, organization_id=invoice.organization_id, data=data)


def _charge(key: str, stripe_id: str, payment_method: str | None) -> str:
    """Why it was refused, "" when it was not."""
    try:
        gateway.pay(key, stripe_id, payment_method)
    except PaymentDeclined as declined:
        return str(declined)
    except GatewayRefused:  # paid or voided in another tab, or the card was removed there
        return str(_("This card cannot be used any more. Choose another one."))
    except GatewayUnavailable as silence:
        if silence.unknown:
            raise PaymentUnknown() from silence
        raise
    return ""


def outcome_of(state: PaymentState, *, refusal: str = "", is_ours: bool = False) -> Outcome:
    """In words how a payment stands. `refusal` is what the card's bank just said, `is_ours` that this press paid it."""
    if state.status == "paid":
        result = Result.PAID if is_ours else Result.ALREADY_PAID
        return Outcome(result, _("Paid. Thank you.") if is_ours else _("This invoice is already paid."))
    if not state.is_owed:
        return Outcome(Result.NOT_OWED, str(_SETTLED.get(state.status, _NOTHING)))
    if state.is_processing:
        return Outcome(Result.PROCESSING, _("Your bank is still at work. Nothing more is needed from you."))
    if state.needs_confirmation:
        sentence = _("Your bank asks you to confirm this payment.")
        return Outcome(Result.NEEDS_CONFIRMATION, sentence, state.client_secret)
    error = state.intent.error if state.intent else None
    return Outcome(Result.DECLINED, refusal or error or _("The payment was not confirmed. Nothing was charged."))


def absorb(organization: Organization, stripe_id: str) -> Invoice | None:
    """Bring an invoice of this organization, and the subscription it is for, up to date; None for anybody else's."""
    found = service.fetch(stripe_id)
    if found is None or found[0].customer != organization.stripe_customer_id:
        return None
    record, cards = found
    if record.subscription:
        try:
            subscriptions.sync(record.subscription)
        except (subscriptions.SecondLiveSubscription, UnknownPrice) as error:
            log.warning("paid subscription not mirrored", code=error.code)  # its event is parked for a person
    return service.absorb(organization, record, cards)
