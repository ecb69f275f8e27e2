"""Where Stripe's own dashboard shows a thing."""

from flask import current_app

DASHBOARDS = {"live": "https://dashboard.stripe.com", "test": "https://dashboard.stripe.com/test"}
"""By STRIPE_MODE; the sandbox has no dashboard of Stripe's."""


def address(noun: str, stripe_id: str) -> str | None:
    """Of one of the `noun`, such as customers."""
    base = DASHBOARDS.get(current_app.extensions["settings"].stripe_mode)
    return f"{base}/{noun}/{stripe_id}" if base else None
