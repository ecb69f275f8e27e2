"""Who did what, append-only. Holds ids without foreign keys, so that every room above can write here."""

from flask import Flask, g

from .context import ANONYMOUS


def init_app(app: Flask) -> None:
    @app.before_request
    def _nobody_yet() -> None:
        g.actor = ANONYMOUS
