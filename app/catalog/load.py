"""Load a catalogue file: read it, show what it changes, make it so at Stripe and in the tables."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids, leases
from app.core.extensions import Model, db
from app.core.transactions import apart, release

from . import changes, sheet
from .changes import Change
from .file import CatalogFile
from .models import CatalogVersion, Feature, Limit, Meter, OveragePrice, Plan, Price
from .publish import Published, publish
from .reading import BadCatalog, read
from .sheet import Sheet

__all__ = ["BadCatalog", "Change", "apply", "diff", "read"]


def diff(file: CatalogFile) -> list[Change]:
    """What loading `file` would change in the tables; nothing when it is what is loaded."""
    return changes.between(sheet.of_tables(), sheet.of_file(file))


def apply(file: CatalogFile) -> list[Change]:
    """Make `file` the catalogue and answer what changed. The caller commits.

    Stripe first, then the tables: if it dies in between, the tables still say what they said, and the same command
    finishes the work. Raises Busy while another load runs, MeterTaken, and what Stripe's answers become.
    """
    with leases.hold("catalog", seconds=300):
        found = diff(file)
        if found:
            wanted = sheet.of_file(file)
            former = db.session.scalars(select(Meter.stripe_meter_id)).all()
            version = _standing_version()
            release()
            _write(wanted, publish(wanted, version, former))
        return found


def _standing_version() -> str:
    """The version before this change. The first one is written at once, so that a second try makes the same keys."""
    first = insert(CatalogVersion).values(id=1, version=ids.new("cat")).on_conflict_do_nothing()
    with apart() as session:
        session.execute(first)
        return session.scalars(select(CatalogVersion.version)).one()


def _write(wanted: Sheet, published: Published) -> None:
    meters = {key: {**facts, "stripe_meter_id": published.meters[key]} for key, facts in wanted.meters.items()}
    _settle(Meter, "key", meters)
    plans = {key: {**facts, "stripe_product_id": published.plans.get(key)} for key, facts in wanted.plans.items()}
    _settle(Plan, "key", plans)
    db.session.flush()
    plan_ids = {plan.key: plan.id for plan in db.session.scalars(select(Plan).where(Plan.key.in_(plans)))}
    _settle(Price, "stripe_price_id", _sold(wanted.prices, published, plan_ids))
    _settle(OveragePrice, "stripe_price_id", _sold(wanted.overages, published, plan_ids))
    _replace(wanted, plan_ids)
    db.session.flush()
    db.session.get_one(CatalogVersion, 1).version = ids.new("cat")


def _sold(
    wanted: dict[str, dict[str, Any]], published: Published, plan_ids: dict[str, int]
) -> dict[str, dict[str, Any]]:
    """The facts of prices by Stripe's id, with the plan as a foreign key."""
    rows = {}
    for key, facts in wanted.items():
        rest = {name: value for name, value in facts.items() if name != "plan"}
        rows[published.prices[key]] = {**rest, "plan_id": plan_ids[facts["plan"]], "lookup_key": key}
    return rows


def _settle(model: type[Any], column: str, wanted: dict[str, dict[str, Any]]) -> None:
    """Bring a table to what is wanted: rows found by `column` are brought up to date, others added, the rest archived."""
    rows = {getattr(row, column): row for row in db.session.scalars(select(model))}
    for key, facts in wanted.items():
        row = rows.get(key)
        if row is None:
            db.session.add(row := model(**{column: key}))
        for name, value in {**facts, "archived_at": None}.items():
            setattr(row, name, value)
    for key, row in rows.items():
        if key not in wanted and row.archived_at is None:
            row.archived_at = clock.now()


def _replace(wanted: Sheet, plan_ids: dict[str, int]) -> None:
    """Limits and features are no one's but their plan's; an archived plan keeps those it had."""
    rows: Iterable[Model] = [
        *(Limit(plan_id=plan_ids[plan], meter_key=meter, **facts) for (plan, meter), facts in wanted.limits.items()),
        *(Feature(plan_id=plan_ids[plan], key=key, **facts) for (plan, key), facts in wanted.features.items()),
    ]
    for model in (Limit, Feature):
        db.session.execute(delete(model).where(model.plan_id.in_(plan_ids.values())))
    db.session.add_all(rows)
