"""The only room that speaks Stripe. It answers with frozen records of our own and raises errors of our own."""

from flask import Flask

from . import client


def init_app(app: Flask) -> None:
    client.configure(app.extensions["settings"])
