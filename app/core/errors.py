"""Errors know their status, their stable code and the sentence a person reads."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, NamedTuple

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from redis import RedisError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from .database import UNAVAILABLE
from .extensions import htmx, limiter
from .hooks import Hooks
from .logs import log
from .transactions import abandon


class Step(NamedTuple):
    """Where a page that refuses sends its reader: a button."""

    label: str
    url: str


class PortalError(Exception):
    """Base of all errors a verb may raise; declared above the verb, carrying its noun.

    `status` is the HTTP status both doors answer with, `code` the stable word of the JSON API, `str(error)` the sentence.
    `step` is the way out, where the error knows a better one than reloading or the overview.
    """

    status = 400
    code = "invalid_request"
    step: Step | None = None

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)

    @property
    def details(self) -> dict[str, Any]:
        """What the JSON API says beside the sentence."""
        return {}


class NotFound(PortalError):
    """Also the answer for what belongs to another organization: the two must not be told apart."""

    status = 404
    code = "not_found"

    def __init__(self) -> None:
        super().__init__(str(SENTENCES[404]))


class AmountChanged(PortalError):
    """What the page showed is no longer what Stripe would charge."""

    status = 409
    code = "amount_changed"

    def __init__(self) -> None:
        super().__init__(_("The amount has changed since you opened the page. Nothing was charged; look at it again."))


TITLES = {
    400: _l("That did not work"),
    401: _l("Please sign in"),
    403: _l("You may not do this"),
    404: _l("Not found"),
    405: _l("That is not possible here"),
    409: _l("Something changed in the meantime"),
    410: _l("No longer valid"),
    413: _l("Too large"),
    422: _l("Please check your entries"),
    429: _l("Too many tries"),
    500: _l("Something went wrong on our side"),
    503: _l("Not available right now"),
}
SENTENCES = {
    400: _l(
        "The page was open too long or the form was incomplete. Reload the page and try again; nothing was changed."
    ),
    403: _l("Your role does not allow this. Ask an admin of your organization."),
    404: _l("There is nothing at this address, or it is not yours to see."),
    405: _l("This address does not take that kind of request."),
    410: _l("This link has expired or was already used."),
    413: _l("That is more than we accept at once."),
    429: _l("Please wait a moment before you try again."),
    500: _l("We have been told. Before you try again, please look whether your change arrived."),
    503: _l("Please try again in a minute. Nothing was changed."),
}

LOOK_FIRST = _l("Please try again in a minute. Before you do, look whether your change arrived.")
RETRY_SECONDS = 10


answerers: Hooks[Callable[[Exception], Response | None]] = Hooks()
"""Rooms whose addresses answer something else than pages add a function; it answers None for errors of other addresses."""


def _answer(error: Exception) -> Response | None:
    return next((found for ask in answerers if (found := ask(error)) is not None), None)


def page(status: int, sentence: str, step: Step | None = None) -> tuple[str, int]:
    """The error as a whole page, or as a fragment when htmx swaps it in."""
    template = "errors/_error.html" if htmx else "errors/error.html"
    title = str(TITLES.get(status, TITLES[400]))
    return render_template(
        template, status=status, title=title, sentence=sentence, step=step, request_id=g.get("request_id")
    ), status


def answers_json(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Decorate a door that the card form's script asks: it reads the sentence from `error` and shows it beside the form."""

    @wraps(view)
    def wrapped(*args: object, **kwargs: object) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except PortalError as error:
            abandon()
            return jsonify(error=str(error), code=error.code), error.status

    return wrapped


def _portal_error(error: PortalError) -> ResponseReturnValue:
    abandon()
    return _answer(error) or page(error.status, str(error), error.step)


def _unavailable(error: Exception) -> ResponseReturnValue:
    """The database is away or too busy. A page that changes something may have called Stripe already, or just committed."""
    abandon()
    g.database_is_away = True  # the page asks for nobody's name
    log.warning("database unavailable", error=type(getattr(error, "orig", None) or error).__name__)
    if answer := _answer(error):
        return answer
    sentence = SENTENCES[503] if request.method in {"GET", "HEAD"} else LOOK_FIRST
    return *page(503, str(sentence)), {"Retry-After": str(RETRY_SECONDS)}


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response  # an abort() that brought its own answer, such as a redirect
    abandon()
    if answer := _answer(error):
        return answer
    if isinstance(error, SecurityError):
        return "This is not the address of this portal.", 400, {"Content-Type": "text/plain"}
    status = error.code or 500
    body, status = page(status, str(SENTENCES.get(status, SENTENCES[400])))
    headers = [(k, v) for k, v in error.get_headers() if k in {"Allow", "Retry-After"}]
    return body, status, headers


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("unhandled error", error=type(error).__name__)
    return _http_error(InternalServerError())


def _say_when(response: Response) -> Response:
    """What was refused because it came too often says when it may come again, in seconds."""
    limit = limiter.current_limit
    if limit is not None and limit.breached:
        seconds = limit.limit.get_expiry()
        with suppress(RedisError):
            seconds = min(seconds, max(limit.reset_at - int(time.time()), 1))
        response.headers["Retry-After"] = str(seconds)
    return response


def init_app(app: Flask) -> None:
    app.after_request(_say_when)
    app.register_error_handler(PortalError, _portal_error)
    for kind in UNAVAILABLE:
        app.register_error_handler(kind, _unavailable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
