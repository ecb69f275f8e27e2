"""`portal catalog`: load what is for sale, and show it."""

import sys
from typing import NoReturn

import click

from app import create_app
from app.catalog import load, service
from app.catalog.models import Visibility
from app.catalog.publish import MeterTaken
from app.catalog.reading import presets
from app.catalog.tree import Plan
from app.catalog.words import feature_value, limit_words
from app.core.errors import PortalError
from app.core.transactions import commit


@click.group()
def catalog() -> None:
    """What is for sale: plans, prices, limits, features and meters."""


@catalog.command("load")
@click.argument("source", metavar="FILE_OR_PRESET")
@click.option("--yes", is_flag=True, help="Do not ask before changing anything.")
def load_command(source: str, yes: bool) -> None:
    """Make a file, or one of the presets, the whole catalogue.

    Shows first what would change. What the file no longer names is archived: customers keep what they bought, but it is
    not for sale any more. Loading the same file again changes nothing.
    """
    try:
        file = load.read(source)
    except load.BadCatalog as error:
        _refuse(error, code=2)
    with create_app().app_context():
        changes = load.diff(file)
        for change in changes:
            print(change)
        if not changes:
            print("No changes.")
            return
        if not yes:
            click.confirm(f"{len(changes)} changes. Load this catalogue?", abort=True)
        try:
            load.apply(file)
        except MeterTaken as error:
            _refuse(error, code=2)
        except PortalError as error:
            _refuse(f"{error}\nThe catalogue is what it was. Run the same command again to finish.", code=1)
        commit()
        print(f"Loaded: {_counted(len(file.plans), 'plan')}, {_counted(len(file.meters), 'meter')}.")


@catalog.command()
def show() -> None:
    """Print the catalogue that is loaded."""
    with create_app().app_context():
        current = service.current()
        standing = [plan for plan in current.plans if plan.archived_at is None]
        if not standing:
            print(f"No catalogue is loaded. Presets: {', '.join(presets())}.")
        for plan in standing:
            _print_plan(plan)


def _print_plan(plan: Plan) -> None:
    prices = ", ".join(f"{price.amount.format()} a {price.interval}" for price in plan.prices)
    currency = plan.prices[0].amount.currency if plan.prices else ""
    hidden = ", hidden" if plan.visibility is Visibility.HIDDEN else ""
    print(f"{plan.name} ({plan.key}{hidden}): {prices or plan.kind}")
    for limit in plan.limits:
        print(f"    {limit_words(limit, currency)}")
    for feature in plan.features:
        print(f"    {feature.name}: {feature_value(feature)}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _refuse(why: object, *, code: int) -> NoReturn:
    print(why, file=sys.stderr)
    raise SystemExit(code)
