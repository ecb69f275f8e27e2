"""Mail: rendered from templates, sent by SMTP. Anyone asks for one by recording a `send_mail` task."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing to wire: mail goes out in the background only."""
