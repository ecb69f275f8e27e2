"""One Stripe client per process, made on first use so that a forked worker gets its own connections."""

import os

import stripe

from app.core.config import LIVE_API_BASE, Settings

from .breaker import breaker
from .bucket import RATES, bucket
from .transport import Transport

_clients: dict[int, stripe.StripeClient] = {}
_settings: list[Settings] = []


def configure(settings: Settings) -> None:
    """Use these settings from now on."""
    stripe.enable_telemetry = False
    stripe.set_app_info("Counterfoil", version="0.1.0")
    _settings[:] = [settings]
    _clients.clear()
    breaker.reset()
    bucket.set_rate(settings.stripe_calls_per_second or RATES[settings.stripe_mode])


def client() -> stripe.StripeClient:
    """The client of this process: retries with the same idempotency key, a deadline for each call, pinned version."""
    pid = os.getpid()
    if pid not in _clients:
        _clients[pid] = _build(_settings[0])
    return _clients[pid]


def _build(settings: Settings) -> stripe.StripeClient:
    base = settings.stripe_api_base
    key = settings.stripe_secret_key.get_secret_value()
    if base == LIVE_API_BASE:
        return stripe.StripeClient(key, http_client=Transport())
    return stripe.StripeClient(
        key,
        http_client=Transport(),
        base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
    )
