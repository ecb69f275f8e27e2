"""Payment methods: the cards saved at Stripe, mirrored."""

from flask import Flask


def init_app(app: Flask) -> None:
    from . import models  # noqa: F401  # its table belongs to the schema; the doors come with the room's pages
