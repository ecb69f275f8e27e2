"""Who may ask: the secret key, or the publishable key on the few routes a browser uses; and in which API version."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from flask import Request

from sandbox.errors import ApiError

if TYPE_CHECKING:
    from sandbox.core import Sandbox

LIVE = re.compile(r"^[a-z]+_live_", re.IGNORECASE)
"""How secret, restricted and publishable keys begin that move real money."""


def check(box: Sandbox, request: Request, given: dict[str, Any]) -> bool:
    """Refuse strangers and other API versions; answers whether a browser is asking. Takes ``key`` out of ``given``."""
    key = _bearer(request) or str(given.pop("key", ""))
    if not key:
        raise ApiError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if LIVE.search(key):
        raise ApiError(
            "This is a live key, and a live key has no business in a sandbox: it was refused and kept nowhere. Look for "
            "the setting that sent it here, and use the sandbox's own test keys.",
            status=401,
        )
    if key not in (box.settings.secret_key, box.settings.publishable_key):
        raise ApiError(f"Invalid API Key provided: {_masked(key)}", status=401)
    version = request.headers.get("Stripe-Version") or given.pop("_stripe_version", None) or box.contract.version
    if version != box.contract.version:
        raise ApiError(f"This sandbox speaks API version {box.contract.version} only, not {version}.")
    return bool(key == box.settings.publishable_key)


def _bearer(request: Request) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":  # curl -u sk_test_…:
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
