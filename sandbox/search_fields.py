"""What can be searched for, type by type. Source: the query fields of docs.stripe.com/search."""

TEXT, WORD, NUMBER, FLAG = "text", "word", "number", "flag"
"""What a field holds: only texts can be searched in part, only numbers compared."""
FIELDS: dict[str, dict[str, str]] = {
    "charge": {
        "amount": NUMBER,
        "billing_details.address.postal_code": WORD,
        "created": NUMBER,
        "currency": WORD,
        "customer": WORD,
        "disputed": FLAG,
        "payment_method_details.card.brand": WORD,
        "payment_method_details.card.exp_month": NUMBER,
        "payment_method_details.card.exp_year": NUMBER,
        "payment_method_details.card.fingerprint": WORD,
        "payment_method_details.card.last4": WORD,
        "refunded": FLAG,
        "status": WORD,
    },
    "customer": {"created": NUMBER, "email": TEXT, "name": TEXT, "phone": TEXT},
    "invoice": {
        "created": NUMBER,
        "currency": WORD,
        "customer": WORD,
        "last_finalization_error.code": WORD,
        "last_finalization_error.type": WORD,
        "number": WORD,
        "receipt_number": WORD,
        "status": WORD,
        "subscription": WORD,
        "total": NUMBER,
    },
    "payment_intent": {"amount": NUMBER, "created": NUMBER, "currency": WORD, "customer": WORD, "status": WORD},
    "price": {"active": FLAG, "currency": WORD, "lookup_key": WORD, "product": WORD, "type": WORD},
    "product": {"active": FLAG, "description": TEXT, "name": TEXT, "shippable": FLAG, "url": TEXT},
    "subscription": {"canceled_at": NUMBER, "created": NUMBER, "status": WORD},
}
"""The searchable fields of each type, besides ``metadata``."""
ELSEWHERE = {
    ("invoice", "subscription"): "parent.subscription_details.subscription",
    ("invoice", "last_finalization_error_code"): "last_finalization_error.code",
    ("invoice", "last_finalization_error_type"): "last_finalization_error.type",
}
"""Fields that the query language calls otherwise than the object does."""
