"""People and their sessions: sign in, sign out, forgotten passwords, verified addresses."""

from flask import Flask

from app.core.extensions import login_manager

from .context import load_user


def init_app(app: Flask) -> None:
    from .routes import bp

    # Only the loader and `current_user` are Flask-Login's; sessions, freshness and redirects are ours.
    login_manager.session_protection = None
    login_manager.user_loader(load_user)
    app.register_blueprint(bp)
