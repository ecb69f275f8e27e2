"""`portal reconcile`: compare with Stripe now, and repair what differs."""

import re
import secrets
from datetime import timedelta

import click
from sqlalchemy import select

from app import create_app
from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.transactions import abandon, commit
from app.gateway.errors import GatewayUnavailable
from app.reconciliation import rounds, service
from app.reconciliation.models import Difference, Round, Scope, State
from app.reconciliation.rounds import Step
from app.webhooks import service as inbox

UNITS = {"h": "hours", "d": "days"}


class Span(click.ParamType[timedelta]):
    """`80h` or `30d`."""

    name = "80h"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        said = re.fullmatch(r"(\d{1,4})([hd])", str(value))
        if said is None:
            self.fail(f"{value} is no span of time; say it as 80h or 30d.", param, ctx)
        return timedelta(**{UNITS[said[2]]: int(said[1])})


@click.command()
@click.option("--full/--recent", help="All objects, or those made or spoken of lately (without either: recent).")
@click.option(
    "--since", type=Span(), help="Go back so far for events and objects; Stripe remembers events for 30 days."
)
def reconcile(full: bool, since: timedelta | None) -> None:
    """Fetch events that did not arrive, compare what stands here with Stripe, and repair what differs.

    Ends with 1 when a difference is left for a person. It may run at any time, beside the workers.
    """
    with create_app().app_context():
        clock.refresh()
        step = rounds.begin(Scope.FULL if full else Scope.RECENT, f"hand:{secrets.token_hex(8)}", since)
        assert step is not None, "its key is new"
        commit()
        _walk(step)
        current = db.session.get_one(Round, step.round_id, populate_existing=True)
        print(f"{current.fetched} events fetched, {current.compared} objects compared, {current.found} different.")
        _repair(current)
        left = db.session.scalars(select(Difference).where(Difference.state == State.OPEN)).all()
        if left:
            print(f"{len(left)} left for a person, see /admin/reconciliation.")
            raise SystemExit(1)


def _walk(step: Step | None) -> None:
    """To the end of the round; the workers go on with it when Stripe does not answer."""
    while step is not None:
        clock.refresh()
        try:
            following = rounds.take(step, commit)
            commit()
        except GatewayUnavailable as silence:
            abandon()
            rounds.record(step)
            commit()
            print(f"{silence} The workers go on from here.")
            raise SystemExit(1) from silence
        if step.part == "events" and (following is None or following.part != step.part):
            while inbox.handle_batch():
                continue
        step = following


def _repair(current: Round) -> None:
    found = select(Difference.public_id).where(Difference.round_id == current.id).order_by(Difference.id)
    for public_id in db.session.scalars(found).all():
        try:
            difference = service.repair(public_id, commit)
        except PortalError as error:  # a worker will try again
            abandon()
            difference = service.get(public_id)
            difference.error = str(error)
        names = ", ".join(difference.fields) or difference.kind
        why = f": {difference.error}" if difference.error else ""
        print(f"{difference.state:9} {difference.object_type} {difference.stripe_id} ({names}){why}")
