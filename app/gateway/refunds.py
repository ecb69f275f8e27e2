"""Giving money back at Stripe (https://docs.stripe.com/api/refunds)."""

from collections.abc import Mapping
from typing import Literal

from stripe.params import RefundCreateParams

from . import intents
from .client import client

Reason = Literal["duplicate", "fraudulent", "requested_by_customer"]


def create(key: str, payment_intent: str, amount: int | None, reason: Reason, metadata: Mapping[str, str]) -> str:
    """Give back `amount` minor units of a payment, or all that is left; answers Stripe's id. Raises GatewayRefused."""
    params: RefundCreateParams = {"payment_intent": payment_intent, "reason": reason, "metadata": dict(metadata)}
    if amount is not None:
        params["amount"] = amount
    return intents.perform(key, params, lambda p, options: client().v1.refunds.create(p, options)).id
