"""Recurring revenue: a book of its movements, kept as subscriptions change, and the figures read from it."""

from flask import Flask


def init_app(app: Flask) -> None:
    """The book is written in the transaction of the change it is about."""
    from app.subscriptions import service as subscriptions

    from . import service

    subscriptions.written.add(service.note)
