"""`portal migrate`: bring the database to the schema of this version."""

import click


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Safe to run again."""
    from flask_migrate import upgrade

    from app import create_app

    with create_app().app_context():
        upgrade()
