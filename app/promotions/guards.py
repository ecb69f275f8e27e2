"""Codes are not to be found by trying: wrong ones are counted, for the organization and for the address they come from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_limiter.util import get_remote_address

from app.core import errors
from app.core.extensions import limiter
from app.organizations.context import current_organization

from .refusals import CodeRefused

FIELD = "promotion_code"
OF_ORGANIZATION, OF_ADDRESS = "10/hour", "30/hour"

Door = Callable[..., ResponseReturnValue]


def limited(door: Door) -> Door:
    """Decorate a door that takes a code in the field FIELD: after so many wrong ones it answers 429 for a while."""
    for rate, whose in ((OF_ORGANIZATION, _organization), (OF_ADDRESS, get_remote_address)):
        door = limiter.shared_limit(
            rate,
            scope="promotion codes",
            key_func=whose,
            exempt_when=_brings_none,
            deduct_when=lambda response: "wrong_promotion_code" in g,
            on_breach=_too_many,
        )(door)
    return door


@contextmanager
def counted() -> Iterator[None]:
    """A code that is refused in this block was a wrong try."""
    try:
        yield
    except CodeRefused:
        g.wrong_promotion_code = True
        raise


def _organization() -> str:
    return str(current_organization.public_id) if current_organization else "nobody"


def _brings_none() -> bool:
    return not request.values.get(FIELD, "").strip()


def _too_many(limit: RequestLimit) -> Response:
    sentence = _(
        "Too many promotion codes did not work. Wait an hour before the next one; you can go on without a code."
    )
    return make_response(errors.page(429, str(sentence)))
