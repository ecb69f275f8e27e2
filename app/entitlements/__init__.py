"""Entitlements: what an organization may use, for pages, programs and the guards of doors."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.api import register

    from . import api

    register(api.bp)
