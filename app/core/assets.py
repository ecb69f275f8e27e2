"""Addresses of our own static files carry a piece of their hash, so browsers may keep them for a year."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

VENDORED = "vendor/"  # their names carry a version already


def init_app(app: Flask) -> None:
    root = Path(app.static_folder or "")

    @cache
    def fingerprint(name: str) -> str | None:
        file = root / name
        return hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else None

    @app.url_defaults
    def add_fingerprint(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and not values.get("filename", VENDORED).startswith(VENDORED):
            values.setdefault("v", fingerprint(values["filename"]))
