"""Read the tables once and build the frozen tree from them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from sqlalchemy import select

from app.core.extensions import db
from app.core.money import Money

from . import tree
from .models import (
    Behaviour,
    CancelPolicy,
    CancelRefund,
    Feature,
    Interval,
    Limit,
    Meter,
    MeterKind,
    OveragePrice,
    Plan,
    PlanKind,
    Price,
    TrialCard,
    TrialEnd,
    Visibility,
    Window,
)

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


def read(version: str) -> tree.Catalog:
    """The catalogue of `version`; six statements, whatever its size."""
    plans = db.session.scalars(select(Plan).order_by(Plan.position, Plan.id)).all()
    keys = {plan.id: plan.key for plan in plans}
    rows = db.session.scalars(select(Price).order_by(Price.position, Price.id))
    prices = [_price(price, keys[price.plan_id]) for price in rows]
    meters = {
        meter.key: _meter(meter) for meter in db.session.scalars(select(Meter).order_by(Meter.position, Meter.id))
    }
    limits, features = _limits(meters), _features()
    selling = _grouped((price for price in prices if price.archived_at is None), lambda price: price.plan_key)
    built = [_plan(plan, selling[plan.key], limits[plan.id], features[plan.id]) for plan in plans]
    return tree.Catalog(version, tuple(built), tuple(meters.values()), tuple(prices))


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> defaultdict[Key, list[Row]]:
    groups: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _price(row: Price, plan_key: str) -> tree.Price:
    amount = Money(row.unit_amount, row.currency)
    return tree.Price(
        row.id, row.public_id, plan_key, Interval(row.interval), amount, row.stripe_price_id, row.archived_at
    )


def _meter(row: Meter) -> tree.Meter:
    return tree.Meter(
        key=row.key,
        name=row.name,
        singular=row.singular,
        unit=row.unit,
        kind=MeterKind(row.kind),
        aggregation=row.aggregation,
        window=Window(row.window),
        stripe_meter_id=row.stripe_meter_id,
        archived_at=row.archived_at,
    )


def _limits(meters: Mapping[str, tree.Meter]) -> defaultdict[int, list[tree.Limit]]:
    """By plan, in the order of the meters."""
    sold = select(OveragePrice).where(OveragePrice.archived_at.is_(None)).order_by(OveragePrice.id)
    overages = _grouped(db.session.scalars(sold), lambda row: (row.plan_id, row.meter_key))
    order = list(meters)
    rows = sorted(db.session.scalars(select(Limit)), key=lambda row: order.index(row.meter_key))
    return _grouped_limits(rows, meters, overages)


def _grouped_limits(
    rows: Iterable[Limit], meters: Mapping[str, tree.Meter], overages: Mapping[tuple[int, str], list[OveragePrice]]
) -> defaultdict[int, list[tree.Limit]]:
    limits: defaultdict[int, list[tree.Limit]] = defaultdict(list)
    for row in rows:
        sold = overages.get((row.plan_id, row.meter_key), [])
        beyond = tuple(tree.Overage(price.currency, price.unit_amount, price.stripe_price_id) for price in sold)
        limits[row.plan_id].append(tree.Limit(meters[row.meter_key], row.amount, Behaviour(row.behaviour), beyond))
    return limits


def _features() -> defaultdict[int, list[tree.Feature]]:
    rows = db.session.scalars(select(Feature).order_by(Feature.position))
    features: defaultdict[int, list[tree.Feature]] = defaultdict(list)
    for row in rows:
        features[row.plan_id].append(tree.Feature(row.key, row.name, row.value))
    return features


def _plan(row: Plan, prices: list[tree.Price], limits: list[tree.Limit], features: list[tree.Feature]) -> tree.Plan:
    return tree.Plan(
        id=row.id,
        public_id=row.public_id,
        key=row.key,
        name=row.name,
        description=row.description,
        support=row.support,
        kind=PlanKind(row.kind),
        visibility=Visibility(row.visibility),
        trial_days=row.trial_days,
        trial_card=TrialCard(row.trial_card),
        trial_end=TrialEnd(row.trial_end),
        seats_min=row.seats_min,
        seats_max=row.seats_max,
        cancel=CancelPolicy(row.cancel),
        cancel_refund=CancelRefund(row.cancel_refund),
        prices=tuple(prices),
        limits=tuple(limits),
        features=tuple(features),
        archived_at=row.archived_at,
    )
