"""Which fields an object shows when; all others are always there, null if they say nothing."""

INCLUDABLE = {
    "customer": {"tax", "tax_ids", "subscriptions", "sources", "invoice_credit_balance", "cash_balance"},
    "price": {"tiers", "currency_options"},
    "coupon": {"applies_to", "currency_options"},
    "invoice": {"confirmation_secret", "payments"},
    "charge": {"refunds"},
}
"""Fields that are absent until expanded."""

ABSENT = {
    "subscription_item": ("billed_until", "quantity"),
    "plan": ("tiers",),
    "price": ("tiers",),
    "subscription": ("presentment_details", "status_details"),
    "invoice": ("status_details", "threshold_reason"),
    "customer": ("business_name", "individual_name"),
    "charge": ("authorization_code", "level3", "presentment_details", "radar_options", "transfer"),
    "payment_intent": ("amount_details", "hooks", "payment_details", "presentment_details"),
    "setup_intent": ("attach_to_self",),
    "refund": (
        *("description", "failure_balance_transaction", "failure_reason", "instructions_email", "next_action"),
        *("pending_reason", "presentment_details"),
    ),
}
"""Fields that are left out where they do not apply (from the types of stripe-node 23.1)."""
