"""The application: the only file that knows every room and wires doors, error handlers and extensions."""

from importlib import import_module
from pathlib import Path

from flask import Flask
from flask.typing import ResponseReturnValue

from app.core import (
    assets,
    clock,
    conflicts,
    connections,
    database,
    errors,
    failpoints,
    health,
    i18n,
    logs,
    pages,
    security,
    tasks,
    transactions,
)
from app.core.config import Settings, load
from app.core.extensions import babel, compress, csrf, db, htmx, limiter, login_manager, migrate

ROOT = Path(__file__).parent.parent

# Every room, lower floors first. A room wires its own doors and lists in `init_app` of its package.
ROOMS = (
    "api",
    "gateway",
    "audit",
    "auth",
    "organizations",
    "notifications",
    "api_keys",
    "catalog",
    "promotions",
    "payments",
    "subscriptions",
    "usage",
    "entitlements",
    "invoices",
    "payment_methods",
    "dunning",
    "webhooks",
    "upkeep",
    "reconciliation",
    "revenue",
    "overview",
    "admin",
)


class Application(Flask):
    """Flask, but a page whose transaction met another one begins again."""

    def dispatch_request(self) -> ResponseReturnValue:
        return conflicts.settled(super().dispatch_request)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application. Raises ConfigurationError when the environment does not make a working portal."""
    settings = settings or load()
    app = Application("counterfoil", root_path=str(ROOT))
    app.extensions["settings"] = settings
    app.config.update(_flask_config(settings))
    logs.configure(settings)
    clock.follow(settings.clock_url)
    failpoints.watch(settings.failpoints_dir)
    tasks.bell.connect(settings.redis_url.get_secret_value())
    # First of all, so that whatever refuses a request is logged with an id, after the commit it speaks of.
    logs.init_app(app)
    for extension in (db, csrf, htmx, limiter, login_manager, compress):
        extension.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    i18n.init_app(app, babel)
    app.before_request(clock.begin)
    for part in (connections, database, assets, security, transactions, pages, errors, health):
        part.init_app(app)
    for room in ROOMS:
        import_module(f"app.{room}").init_app(app)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "SECRET_KEY_FALLBACKS": [key.get_secret_value() for key in settings.secret_key_fallbacks],
        "SQLALCHEMY_DATABASE_URI": settings.database_url.get_secret_value(),
        "SQLALCHEMY_ENGINE_OPTIONS": database.options(),
        "SESSION_COOKIE_NAME": "__Host-session" if settings.is_https else "session",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": 14 * 24 * 3600,  # as long as a session may last
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "RATELIMIT_STORAGE_URI": settings.redis_url.get_secret_value(),
        "RATELIMIT_STORAGE_OPTIONS": {"socket_timeout": 0.25, "socket_connect_timeout": 0.25},
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "BABEL_DEFAULT_LOCALE": "en",
        "SEND_FILE_MAX_AGE_DEFAULT": 365 * 24 * 3600,  # the address of a file changes with its content
        "COMPRESS_ALGORITHM": ["gzip"],
    }
