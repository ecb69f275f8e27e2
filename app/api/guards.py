"""Who may pass a door of the API: whoever brings a key with its scope."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import NoReturn, ParamSpec

from flask import request
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_smorest import Blueprint

from app.core.extensions import limiter
from app.core.hooks import Hooks

from .errors import MissingScope, Unauthenticated

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

LONGEST_TOKEN = 4096
PER_KEY = "6000/minute"
REFUSED_PER_ADDRESS = "600/minute"


@dataclass(frozen=True)
class Caller:
    """Whom a token stands for, and what it may be used for. Whose books are open then, the resolver has seen to."""

    scopes: frozenset[str]


resolvers: Hooks[Callable[[str], Caller | None]] = Hooks()
"""Rooms that know tokens add a function: it opens the books a token is for, or answers None. The first answer counts."""


def bearer(scope: str) -> "Callable[[View[P]], View[P]]":
    """Decorate a door for keys with this scope. Without a good key: 401; without the scope: 403, both before the body is read."""

    def decorate(view: "View[P]") -> "View[P]":
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            _admit(scope)
            return view(*args, **kwargs)

        described: View[P] = Blueprint.doc(security=[{"bearer": [scope]}])(guarded)
        return described

    return decorate


def caller_key() -> str:
    """What a rate limit counts by: the token, as a digest, or the address of who sends none."""
    token = _token()
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32] if token else get_remote_address()


@limiter.shared_limit(PER_KEY, scope="api", key_func=caller_key)
def _admit(scope: str) -> None:
    token = _token()
    if not token or len(token) > LONGEST_TOKEN:
        _refuse(token)
    caller = next((found for ask in resolvers if (found := ask(token)) is not None), None)
    if caller is None:
        _refuse(token)
    if scope not in caller.scopes:
        raise MissingScope(scope)


@limiter.shared_limit(REFUSED_PER_ADDRESS, scope="api-refused", key_func=get_remote_address)
def _refuse(token: str) -> NoReturn:
    """Counted here and not before each request: who brings a good key shall not wait for this."""
    raise Unauthenticated(token=bool(token))


def _token() -> str:
    """The word after `Bearer`, whose case does not matter (RFC 9110, section 11.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
