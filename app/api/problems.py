"""Every error under /api is a problem document (RFC 9457) with a stable `code`, whoever raised it."""

import json
from http import HTTPStatus

from flask import Response, g, request
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException

from app.core.database import UNAVAILABLE
from app.core.errors import RETRY_SECONDS, PortalError

from .errors import ApiError

ROOT = "/api/"
MEDIA_TYPE = "application/problem+json"

CODES = {
    400: ("invalid_request", _l("The request cannot be understood.")),
    403: ("forbidden", _l("This is not allowed.")),
    404: ("not_found", _l("There is nothing at this address, or it belongs to somebody else.")),
    405: ("method_not_allowed", _l("This address does not take that method.")),
    413: ("body_too_large", _l("The body is larger than what is accepted at once.")),
    415: ("unsupported_media_type", _l("Send the body as application/json.")),
    429: ("rate_limited", _l("Too many requests. Wait as long as Retry-After says.")),
    500: ("internal_error", _l("Something went wrong on our side. What was asked for may have been done or not.")),
    503: ("unavailable", _l("Not available right now. Try again; what is sent with the same id counts once.")),
}
KEPT_HEADERS = frozenset({"Allow", "Retry-After"})


def of(error: Exception) -> Response | None:
    """The problem document for an error of the API; None when the request was for a page."""
    if not request.path.startswith(ROOT):
        return None
    if isinstance(error, PortalError):
        return _problem(error.status, error.code, str(error), error)
    status, headers = _status_of(error)
    if status not in CODES:
        status = 500 if status >= 500 else 400
    code, sentence = CODES[status]
    answer = _problem(status, code, str(sentence), error)
    answer.headers.update(headers)
    return answer


def without_page(response: Response) -> Response:
    """What Flask answers by itself is a page: the way from a doubled slash, the methods of an address. Keep its headers."""
    if request.path.startswith(ROOT) and response.mimetype == "text/html":
        response.set_data(b"")
        del response.headers["Content-Type"]
    return response


def _status_of(error: Exception) -> tuple[int, dict[str, str]]:
    if isinstance(error, UNAVAILABLE):
        return 503, {"Retry-After": str(RETRY_SECONDS)}
    if isinstance(error, HTTPException):
        return error.code or 500, {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}
    return 500, {}


def _problem(status: int, code: str, sentence: str, error: Exception) -> Response:
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "code": code,
        "request_id": g.get("request_id"),
    }
    details = error.details if isinstance(error, PortalError) else {}
    headers = error.headers if isinstance(error, ApiError) else {}
    return Response(json.dumps(document | details), status, headers, mimetype=MEDIA_TYPE)
