"""What is fetched when an object itself is asked for, and no event spoke of it."""

OBJECTS = {
    "customer": "customer.updated",
    "tax_id": "customer.tax_id.updated",
    "subscription": "customer.subscription.updated",
    "invoice": "invoice.updated",
    "payment_intent": "payment_intent.succeeded",
    "refund": "refund.updated",
    "setup_intent": "setup_intent.succeeded",
    "payment_method": "payment_method.updated",
}
"""By type of object: the event whose handlers fetch and absorb all that we keep of it."""
