"""The searches over customers, subscriptions and payments; products and prices have theirs beside them."""

from sandbox.search import serve_search

for _type in ("charge", "customer", "invoice", "payment_intent", "subscription"):
    serve_search(f"GET /v1/{_type}s/search", _type)
