"""One Stripe client per process, made on first use so that a forked worker gets its own connections."""

import os

import stripe

from app.core.config import LIVE_API_BASE, Settings

CONNECT_SECONDS = 3.05
READ_SECONDS = 10  # a page waits for this; the SDK's own default is 80

_clients: dict[int, stripe.StripeClient] = {}
_settings: list[Settings] = []


def configure(settings: Settings) -> None:
    """Use these settings from now on."""
    stripe.enable_telemetry = False
    stripe.set_app_info("Counterfoil", version="0.1.0")
    _settings[:] = [settings]
    _clients.clear()


def client() -> stripe.StripeClient:
    """The client of this process: two retries with the same idempotency key, short timeouts, pinned version."""
    pid = os.getpid()
    if pid not in _clients:
        _clients[pid] = _build(_settings[0])
    return _clients[pid]


def _build(settings: Settings) -> stripe.StripeClient:
    base = settings.stripe_api_base
    http = stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS))
    key = settings.stripe_secret_key.get_secret_value()
    if base == LIVE_API_BASE:
        return stripe.StripeClient(key, max_network_retries=2, http_client=http)
    return stripe.StripeClient(
        key,
        max_network_retries=2,
        http_client=http,
        base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
    )
