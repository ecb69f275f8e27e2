"""Upkeep: what people who run the portal do about background work that did not go through."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing to wire: its verbs are said by staff and by the schedule."""
