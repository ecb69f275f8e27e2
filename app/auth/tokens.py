"""Secrets that are sent out and only recognised: session tokens and one-use links (random, kept as SHA-256), and signed
links for what is harmless to do twice."""

import hashlib
import secrets
from datetime import timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

VERIFY_LIFE = timedelta(days=7)


def new() -> str:
    """256 bits from the system's random source, safe in an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What a table keeps. No salt and no slow hash: the token is random, there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def sign_verification(public_id: str, email: str) -> str:
    """The address goes in as a digest: a link is seen by proxies and kept in histories."""
    return str(_verification().dumps([public_id, digest(email).hex()]))


def read_verification(token: str) -> tuple[str, str] | None:
    """The public id and the digest of the address that were signed; None when changed, too old or made for else."""
    try:
        public_id, address = _verification().loads(token, max_age=int(VERIFY_LIFE.total_seconds()))
    except (BadData, ValueError, TypeError):
        return None
    return str(public_id), str(address)


def signing_keys() -> list[str]:
    """Former keys and the present one: the last signs, all verify."""
    settings = current_app.extensions["settings"]
    return [key.get_secret_value() for key in (*settings.secret_key_fallbacks, settings.secret_key)]


def _verification() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_keys(), salt="verify-email")
