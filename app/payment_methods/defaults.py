"""Another default card: for the customer and for the subscription, which has its own; then overdue invoices are tried.

Each call to Stripe carries the deed's token, so that whoever does the same deed again does only what is left of it.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from flask_babel import gettext as _

from app.core import i18n
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.money import Money
from app.gateway import customers, intents
from app.gateway import subscription_changes as changes
from app.gateway.errors import GatewayNotFound, GatewayRefused
from app.gateway.subscription_records import SubscriptionRecord
from app.invoices import paying
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions

from . import service
from .models import InvoiceTry

Commit = Callable[[], None]
"""How the door that called ends a transaction: a charge that was made is written down before the next one is."""


class DueChanged(PortalError):
    """The button named another amount than what is due by now; nothing was changed."""

    status = 409
    code = "amount_changed"

    def __init__(self, due: str) -> None:
        now = _("By now %(amount)s is due.", amount=due) if due else _("By now nothing is due.")
        super().__init__(now + " " + _("Nothing was charged and nothing was changed; look at it again."))


def overdue(organization: Organization) -> list[Invoice]:
    """What a new default card is tried on, oldest first; not the first invoice of a start that was given up."""
    late = Invoice.of(organization).where(Invoice.overdue())
    return list(db.session.scalars(late.order_by(Invoice.issued_at, Invoice.id)))


def due(invoices: Sequence[Invoice]) -> str:
    """What they come to, as a button says it: $99.00, or "" when there are none."""
    return " + ".join(i18n.money(Money(amount, currency)) for currency, amount in _sums(invoices))


def owed(invoices: Sequence[Invoice]) -> str:
    """The same in no language, minor units and currency, for comparing: 9900 usd, or "" for nothing."""
    return " + ".join(f"{amount} {currency}" for currency, amount in _sums(invoices))


def _sums(invoices: Sequence[Invoice]) -> list[tuple[str, int]]:
    """What they come to by currency, in the order of the alphabet."""
    sums = Counter[str]()
    for invoice in invoices:
        sums[invoice.currency] += invoice.remaining_amount
    return sorted(sums.items())


def make(organization: Organization, public_id: str, token: str, shown: str, commit: Commit) -> str:
    """Make a card the default and try it on what is overdue, which came to `shown` on the button; answers its label.

    `tries` tells what came of it. Raises CardNotFound, DueChanged, IntentSpent and Busy.
    """
    with subscriptions.alone(organization):
        card, was_done, late = service.get(organization, public_id), is_done(organization, token), overdue(organization)
        if not was_done and shown != (amount := due(late)):
            raise DueChanged(amount)
        settle(organization, card.stripe_id, token, commit, agreed=owed(late))
        if was_done and card not in [found for found in service.of(organization) if found.is_default]:
            raise intents.IntentSpent()  # an old page, and another card was chosen since
    return card.label


def is_done(organization: Organization, token: str) -> bool:
    """Whether the card of this deed became the default: the last step at Stripe."""
    return intents.outcome(_key(organization, token)) is not None


def settle(organization: Organization, card: str, token: str, commit: Commit, *, agreed: str) -> None:
    """What is left of the deed, for a card by its Stripe id; only under `subscriptions.alone`. Raises CardNotFound.

    What is overdue is tried only if it is what the customer `agreed` to, as `owed` says it.
    """
    customer, was_done = str(organization.stripe_customer_id), is_done(organization, token)
    try:
        record = _set(organization, customer, card, token)
    except (GatewayRefused, GatewayNotFound) as refused:
        _look_again(organization, customer, card, commit)
        raise refused
    service.absorb(organization, service.fetch(customer))
    if record is not None:
        subscriptions.absorb(organization, record)
    commit()
    late = overdue(organization)
    if not was_done and owed(late) == agreed:
        for invoice in late:
            _try(organization, invoice, card, token)
            commit()


def _key(organization: Organization, token: str) -> str:
    return f"card-default:{organization.public_id}:{token}"


def _set(organization: Organization, customer: str, card: str, token: str) -> SubscriptionRecord | None:
    """At Stripe. Raises IntentMismatch for a token that was used for another card."""
    subscription, record = subscriptions.latest(organization), None
    if subscription is not None and subscription.is_running and not is_done(organization, token):
        key = f"card-subscription:{organization.public_id}:{token}"
        record = changes.set_default_payment_method(key, subscription.stripe_id, card)
    customers.set_default_card(_key(organization, token), customer, card)
    return record


def _look_again(organization: Organization, customer: str, card: str, commit: Commit) -> None:
    """After Stripe refused: raises CardNotFound if the card is the reason, and forgets it here."""
    answer = service.fetch(customer)
    service.absorb(organization, answer)
    commit()
    if card not in {record.stripe_id for record in answer.cards}:
        raise service.CardNotFound()


def _try(organization: Organization, invoice: Invoice, card: str, token: str) -> None:
    amount, currency = invoice.remaining_amount, invoice.currency
    try:
        outcome = paying.pay(organization, invoice, card, token, shown=amount, asked_by="card")
        result, sentence = outcome.result.value, outcome.sentence
    except PortalError as error:  # the card is the default all the same
        result, sentence = "unknown", str(error)
    made = {"token": token, "number": invoice.number, "amount": amount, "currency": currency}
    db.session.add(InvoiceTry(organization_id=organization.id, **made, result=result, sentence=sentence))


def tries(organization: Organization, token: str) -> list[InvoiceTry]:
    """What the deed of this token was tried on, in that order."""
    return list(db.session.scalars(InvoiceTry.of(organization, token))) if token and token.isprintable() else []
