"""Payment and setup intents: what the browser confirmed, asked of Stripe itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stripe
from flask_babel import gettext as _
from stripe.params import SetupIntentCreateParams

from app.core.transactions import release

from . import intents
from .client import client
from .errors import GatewayNotFound, translated
from .expandable import id_of

INTENT_ID = re.compile(r"(pi|seti)_[A-Za-z0-9_]+")


@dataclass(frozen=True)
class IntentRecord:
    """A payment intent (`pi_…`) or setup intent (`seti_…`); `error` is Stripe's sentence for the customer, `refused` the card.

    `code` and `advice` are Stripe's words for why, and for what to do about it.
    """

    stripe_id: str
    customer: str | None
    status: str
    payment_method: str | None
    error: str | None
    metadata: Mapping[str, str]
    refused: str | None = None
    code: str | None = None
    advice: str | None = None

    @property
    def is_setup(self) -> bool:
        return self.stripe_id.startswith("seti_")

    @property
    def is_done(self) -> bool:
        return self.status == "succeeded"

    @property
    def is_processing(self) -> bool:
        return self.status == "processing"

    @property
    def asks_owner(self) -> bool:
        """The bank of the card waits for its owner."""
        return self.status == "requires_action"


def _record(intent: stripe.PaymentIntent | stripe.SetupIntent, error: Any) -> IntentRecord:
    return IntentRecord(
        stripe_id=intent.id,
        customer=id_of(intent.customer),
        status=intent.status,
        payment_method=id_of(intent.payment_method),
        error=_sentence(error),
        metadata=intent.metadata.to_dict() if intent.metadata else {},
        refused=id_of(getattr(error, "payment_method", None)),
        code=getattr(error, "decline_code", None) or getattr(error, "code", None),
        advice=getattr(error, "advice_code", None),
    )


def of_payment(intent: stripe.PaymentIntent) -> IntentRecord:
    """A payment intent that came with another object."""
    return _record(intent, intent.last_payment_error)


def _sentence(error: Any) -> str | None:
    """What to tell the customer; Stripe's message about a failed authentication speaks to developers."""
    if error is None:
        return None
    if str(error.code).endswith("_authentication_failure"):
        return str(_("Your bank did not confirm the payment. Try again, or use another card."))
    return str(error.message)


def retrieve(stripe_id: str) -> IntentRecord:
    """The intent as it stands; both kinds by the prefix of their id. Raises GatewayNotFound.

    The id comes from an address: `..` and the like would lead the client to other resources.
    """
    if not INTENT_ID.fullmatch(stripe_id):
        raise GatewayNotFound()
    release()
    with translated():
        if stripe_id.startswith("seti_"):
            setup = client().v1.setup_intents.retrieve(stripe_id)
            return _record(setup, setup.last_setup_error)
        return of_payment(client().v1.payment_intents.retrieve(stripe_id))


@dataclass(frozen=True)
class PaidInvoice:
    """The Stripe id of an invoice, and that of its subscription if it has one."""

    stripe_id: str
    subscription: str | None


def paid_invoice(stripe_id: str) -> PaidInvoice | None:
    """The invoice a payment intent pays (the intent itself does not say), None for a payment on its own."""
    release()
    pays: Any = {
        "payment": {"type": "payment_intent", "payment_intent": stripe_id},
        "limit": 1,
        "expand": ["data.invoice"],
    }
    with translated():
        found = client().v1.invoice_payments.list(pays)
    if not found.data:
        return None
    invoice: Any = found.data[0].invoice
    details = invoice.parent.subscription_details if getattr(invoice, "parent", None) else None
    return PaidInvoice(str(id_of(invoice)), id_of(details.subscription) if details else None)


def save_card(key: str, *, customer: str, metadata: Mapping[str, str]) -> str:
    """Begin saving a card for later charges without the customer; answers the secret for `confirmSetup`."""
    params: SetupIntentCreateParams = {
        "customer": customer,
        "usage": "off_session",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": dict(metadata),
    }
    intent = intents.perform(key, params, lambda p, options: client().v1.setup_intents.create(p, options))
    return str(intent.client_secret)
