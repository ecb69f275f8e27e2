"""From event to handlers, and from object to handlers: tables to read from top to bottom.

An event that is not listed is thanked and kept.
"""

from collections.abc import Callable

from app.invoices.webhooks import invoice_changed, payment_intent_changed
from app.organizations.webhooks import billing_changed, tax_id_changed, tax_ids_changed
from app.payment_methods.webhooks import (
    card_saved,
    customer_changed,
    payment_method_changed,
    payment_method_renewed,
)
from app.payments.webhooks import charge_or_refund_changed, payment_changed
from app.subscriptions.webhooks import next_charge_changed, setup_intent_changed, subscription_changed

Handler = Callable[[str], None]
"""Takes the Stripe id of the event's object; fetches it and absorbs the answer, so it may run any number of times."""

HANDLERS: dict[str, tuple[Handler, ...]] = {
    "customer.updated": (billing_changed, customer_changed, next_charge_changed),
    "customer.deleted": (customer_changed,),
    "customer.tax_id.created": (tax_id_changed,),
    "customer.tax_id.updated": (tax_id_changed,),
    "customer.tax_id.deleted": (tax_id_changed,),
    "customer.subscription.created": (subscription_changed,),
    "customer.subscription.updated": (subscription_changed,),
    "customer.subscription.deleted": (subscription_changed,),
    "customer.subscription.paused": (subscription_changed,),
    "customer.subscription.resumed": (subscription_changed,),
    "customer.subscription.trial_will_end": (subscription_changed,),
    "invoice.created": (invoice_changed,),
    "invoice.updated": (invoice_changed,),
    "invoice.finalized": (invoice_changed,),
    "invoice.paid": (invoice_changed,),
    "invoice.payment_failed": (invoice_changed,),
    "invoice.payment_action_required": (invoice_changed,),
    "invoice.voided": (invoice_changed,),
    "invoice.marked_uncollectible": (invoice_changed,),
    "payment_intent.succeeded": (payment_intent_changed, payment_changed),
    "payment_intent.payment_failed": (payment_intent_changed, payment_changed),
    "payment_intent.processing": (payment_changed,),
    "payment_intent.requires_action": (payment_changed,),
    "payment_intent.canceled": (payment_intent_changed, payment_changed),
    "charge.refunded": (charge_or_refund_changed,),
    "refund.created": (charge_or_refund_changed,),
    "refund.updated": (charge_or_refund_changed,),
    "refund.failed": (charge_or_refund_changed,),
    "setup_intent.succeeded": (setup_intent_changed, card_saved),
    "payment_method.attached": (payment_method_changed,),
    "payment_method.detached": (payment_method_changed,),
    "payment_method.updated": (payment_method_changed,),
    "payment_method.automatically_updated": (payment_method_renewed,),
}

OBJECTS: dict[str, tuple[Handler, ...]] = {
    # Stripe has events of their own for tax numbers; whoever asks for the customer wants them all.
    "customer": (*HANDLERS["customer.updated"], tax_ids_changed),
    "tax_id": HANDLERS["customer.tax_id.updated"],
    "subscription": HANDLERS["customer.subscription.updated"],
    "invoice": HANDLERS["invoice.updated"],
    "payment_intent": HANDLERS["payment_intent.succeeded"],
    "refund": HANDLERS["refund.updated"],
    "setup_intent": HANDLERS["setup_intent.succeeded"],
    "payment_method": HANDLERS["payment_method.updated"],
}
"""What is done when an object itself is asked for and no event spoke of it: all that we keep of it is fetched."""
