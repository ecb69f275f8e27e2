"""Operations of the resources played here that are left out on purpose, and why. Whoever asks for one is told.

Resources that are not here at all (Connect, Issuing, Terminal, Treasury …) have nothing to do with billing.
"""

SOURCES = "sources are older than payment methods"
CASH = "only cards are played, and a cash balance is filled by bank transfers"
BANK_DEBITS = "only cards are played, and micro-deposits prove a bank account"

UNPLAYED = {
    "POST /v1/charges": "charges are made by payment intents",
    "GET /v1/customers/{customer}/cash_balance": CASH,
    "POST /v1/customers/{customer}/cash_balance": CASH,
    "GET /v1/customers/{customer}/cash_balance_transactions": CASH,
    "GET /v1/customers/{customer}/cash_balance_transactions/{transaction}": CASH,
    "POST /v1/customers/{customer}/funding_instructions": CASH,
    "POST /v1/payment_intents/{intent}/apply_customer_balance": CASH,
    "GET /v1/customers/{customer}/sources": SOURCES,
    "POST /v1/customers/{customer}/sources": SOURCES,
    "GET /v1/customers/{customer}/sources/{id}": SOURCES,
    "POST /v1/customers/{customer}/sources/{id}": SOURCES,
    "DELETE /v1/customers/{customer}/sources/{id}": SOURCES,
    "POST /v1/customers/{customer}/sources/{id}/verify": SOURCES,
    "GET /v1/payment_intents/{intent}/amount_details_line_items": "payment intents have no line items",
    "POST /v1/payment_intents/{intent}/increment_authorization": "it is for cards that are present in a shop",
    "POST /v1/payment_intents/{intent}/verify_microdeposits": BANK_DEBITS,
    "POST /v1/setup_intents/{intent}/verify_microdeposits": BANK_DEBITS,
    "POST /v1/subscriptions/{subscription}/migrate": "every subscription is of flexible billing mode from the start",
}
