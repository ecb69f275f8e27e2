"""Reconciliation: is what stands here what Stripe has? Events that were missed, objects that differ, and their repair."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing to wire: its verbs are said by the schedule, by staff and by a command."""
