"""Browsers somebody has signed in with before, so that wrong guesses from elsewhere cannot keep the owner waiting.

A signed cookie with a random name for the browser and the account it belongs to. It opens nothing by itself: without it
tries are counted together with everybody else's, with it on a count of their own.
"""

import secrets
from datetime import timedelta

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeSerializer

from app.core.config import Settings

from . import tokens

LIFE = timedelta(days=180)


def known(email: str) -> str | None:
    """This browser's name, if it signed in to the account of `email` the last time."""
    try:
        owner, name = _signer().loads(request.cookies.get(_cookie(), ""))
    except (BadData, ValueError, TypeError):
        return None
    return str(name) if owner == tokens.digest(email).hex() else None


def remember(email: str) -> None:
    """Give this browser a name for the account of `email`, on the answer that is being made."""
    if known(email) is not None:
        return
    value = _signer().dumps([tokens.digest(email).hex(), secrets.token_urlsafe(16)])

    @after_this_request
    def _set(response: Response) -> Response:
        response.set_cookie(
            _cookie(),
            str(value),
            max_age=LIFE,
            secure=_settings().is_https,
            httponly=True,
            samesite="Lax",
        )
        return response


def _cookie() -> str:
    return "__Host-device" if _settings().is_https else "device"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(tokens.signing_keys(), salt="device")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
