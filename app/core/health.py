"""`/healthz`: the process answers. `/readyz`: what it depends on, each in one word."""

from flask import Blueprint, Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from .extensions import db, limiter
from .tasks import bell

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> tuple[str, int, dict[str, str]]:
    return "ok", 200, {"Content-Type": "text/plain"}


@bp.get("/readyz")
def readyz() -> tuple[dict[str, str], int]:
    """503 only without the database; without Redis the portal works, a little slower, and says "degraded"."""
    database, redis = _database(), "ok" if bell.is_there() else "unreachable"
    status = "down" if database != "ok" else "ok" if redis == "ok" else "degraded"
    return {"status": status, "database": database, "redis": redis}, 503 if status == "down" else 200


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "unreachable"
    return "ok"


def init_app(app: Flask) -> None:
    limiter.exempt(bp)
    app.register_blueprint(bp)
