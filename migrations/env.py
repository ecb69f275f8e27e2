"""Alembic's way into the application: its engine and its tables."""

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db


with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
