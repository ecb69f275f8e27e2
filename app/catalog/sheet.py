"""A catalogue as plain lines, one per thing in it, so that a file and the tables can be laid side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core.extensions import db

from .file import CatalogFile, PlanEntry
from .models import Feature, Limit, Meter, OveragePrice, Plan, Price

Facts = dict[str, Any]

METER_FACTS = ("name", "singular", "unit", "kind", "aggregation", "window", "position")
PLAN_TERMS = ("trial_days", "trial_card", "trial_end", "seats_min", "seats_max", "cancel", "cancel_refund")
PLAN_FACTS = ("name", "description", "support", "kind", "visibility", *PLAN_TERMS, "position")
PRICE_FACTS = ("currency", "interval", "unit_amount", "position")
OVERAGE_FACTS = ("meter_key", "currency", "unit_amount")


@dataclass(frozen=True)
class Sheet:
    """Facts by key. Prices and overages are keyed by lookup key, limits by (plan, meter), features by (plan, feature)."""

    meters: dict[str, Facts]
    plans: dict[str, Facts]
    prices: dict[str, Facts]
    limits: dict[tuple[str, str], Facts]
    overages: dict[str, Facts]
    features: dict[tuple[str, str], Facts]


def price_key(plan: str, interval: str, currency: str) -> str:
    """The lookup key at Stripe; keys hold no point, so no two things share one."""
    return f"{plan}.{interval}.{currency}"


def overage_key(plan: str, meter: str, currency: str) -> str:
    """Not `….overage.…`: such a price hangs on the product of its plan, and gives way at the next load."""
    return f"{plan}.{meter}.beyond.{currency}"


def of_file(file: CatalogFile) -> Sheet:
    sheet = Sheet({}, {}, {}, {}, {}, {})
    for position, meter in enumerate(file.meters):
        facts = {"aggregation": meter.aggregates, "window": meter.resets, "singular": meter.singular or meter.name}
        sheet.meters[meter.key] = {
            **{name: getattr(meter, name) for name in ("name", "unit", "kind")},
            **facts,
            "position": position,
        }
    for position, plan in enumerate(file.plans):
        entry = {name: getattr(plan, name) for name in PLAN_FACTS if name != "position"}
        sheet.plans[plan.key] = {**entry, "position": position}
        _add_plan(sheet, plan, file.features)
    return sheet


def _add_plan(sheet: Sheet, plan: PlanEntry, features: Mapping[str, str]) -> None:
    amounts = [
        (currency, interval, amount)
        for currency, prices in plan.prices.items()
        for interval, amount in prices.by_interval.items()
    ]
    for position, (currency, interval, amount) in enumerate(amounts):
        facts = {"plan": plan.key, "currency": currency, "interval": interval, "unit_amount": amount}
        sheet.prices[price_key(plan.key, interval, currency)] = {**facts, "position": position}
    for meter, limit in plan.limits.items():
        sheet.limits[plan.key, meter] = {"amount": limit.amount, "behaviour": limit.behaviour}
        for currency, each in limit.overage.items():
            facts = {"plan": plan.key, "meter_key": meter, "currency": currency, "unit_amount": each}
            sheet.overages[overage_key(plan.key, meter, currency)] = facts
    for position, key in enumerate(key for key in features if key in plan.features):
        value = plan.features[key]
        sheet.features[plan.key, key] = {"name": features[key], "value": value, "position": position}


def of_tables() -> Sheet:
    """What is loaded now, without what is archived."""
    plans = {plan.id: plan for plan in db.session.scalars(select(Plan).where(Plan.archived_at.is_(None)))}
    meters = db.session.scalars(select(Meter).where(Meter.archived_at.is_(None)))
    prices = db.session.scalars(select(Price).where(Price.archived_at.is_(None)))
    overages = db.session.scalars(select(OveragePrice).where(OveragePrice.archived_at.is_(None)))
    keys = {plan_id: plan.key for plan_id, plan in plans.items()}
    limits = [row for row in db.session.scalars(select(Limit)) if row.plan_id in keys]
    features = [row for row in db.session.scalars(select(Feature)) if row.plan_id in keys]
    return Sheet(
        meters={row.key: _facts(row, METER_FACTS) for row in meters},
        plans={row.key: _facts(row, PLAN_FACTS) for row in plans.values()},
        prices=_sold(prices, keys, PRICE_FACTS),
        limits={(keys[row.plan_id], row.meter_key): _facts(row, ("amount", "behaviour")) for row in limits},
        overages=_sold(overages, keys, OVERAGE_FACTS),
        features={(keys[row.plan_id], row.key): _facts(row, ("name", "value", "position")) for row in features},
    )


def _sold(rows: Iterable[Price | OveragePrice], keys: Mapping[int, str], names: tuple[str, ...]) -> dict[str, Facts]:
    return {row.lookup_key: {"plan": keys[row.plan_id]} | _facts(row, names) for row in rows}


def _facts(row: object, names: tuple[str, ...]) -> Facts:
    return {name: getattr(row, name) for name in names}
