"""Structured logs: one line per event, a request id on each, no secret and no personal data.

Fields are ids, codes and counts. Names, mail addresses, tokens and request bodies are never passed to a log call.
"""

import logging
import secrets
import sys
import time

import structlog
from flask import Flask, Response, g, request

from .config import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger("counterfoil")

SILENT_PATHS = ("/static/", "/healthz", "/readyz")


def configure(settings: Settings) -> None:
    """Send both structlog's and the standard library's lines through one renderer to standard output."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if settings.log_format == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in ("rq", "urllib3", "stripe", "fontTools", "weasyprint", "_granian"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    if not request.path.startswith(SILENT_PATHS):
        milliseconds = round((time.perf_counter() - g.started) * 1000, 1)
        # The rule, not the path: addresses can hold tokens.
        rule = request.url_rule.rule if request.url_rule else "(none)"
        log.info("request", method=request.method, rule=rule, status=response.status_code, ms=milliseconds)
    return response


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)
