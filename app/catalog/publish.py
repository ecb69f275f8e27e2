"""Bring Stripe to what a catalogue says, looking first at what is already there.

Whatever Stripe has of ours is used again, so a command that died half-way, or a fresh database beside a used account,
makes nothing twice. Between the look and the call, the idempotency key does the same: it names the standing version of
the catalogue and what is wanted. What is new comes first and the old is archived last, so that at no moment something is
missing.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _

from app.gateway import catalog as gateway
from app.gateway.catalog import MeterRecord, PriceRecord, ProductRecord

from .models import Aggregation, Interval, PlanKind
from .sheet import Facts, Sheet
from .words import capital

# Stripe has no maximum: we report each new maximum, so the last one reported is it.
FORMULAS = {Aggregation.SUM: "sum", Aggregation.LAST: "last", Aggregation.MAX: "last"}


class MeterTaken(Exception):
    """Stripe already counts this event in another way, which cannot be changed."""

    def __init__(self, key: str, formula: str) -> None:
        super().__init__(
            f'meters "{key}": Stripe already aggregates it by {formula}, which cannot change; use another key'
        )


@dataclass(frozen=True)
class Published:
    """Stripe's ids: of meters by our keys, of products by the key of the plan, or of the meter they sell beyond a plan; of
    prices and overage prices by lookup key.
    """

    meters: dict[str, str]
    plans: dict[str, str]
    beyond: dict[str, str]
    prices: dict[str, str]

    @property
    def all(self) -> set[str]:
        return {*self.meters.values(), *self.plans.values(), *self.beyond.values(), *self.prices.values()}


@dataclass(frozen=True)
class Standing:
    """What Stripe has; prices are those of our products."""

    meters: list[MeterRecord]
    products: list[ProductRecord]
    prices: list[PriceRecord]


def look() -> Standing:
    products = gateway.products()
    return Standing(gateway.meters(), products, gateway.prices(product.stripe_id for product in products))


def publish(sheet: Sheet, version: str, former_meters: Iterable[str]) -> Published:
    """Make Stripe sell and count what `sheet` says. `former_meters` are the Stripe ids of meters that were ours.

    Raises MeterTaken before anything is changed, and whatever Stripe's answers become.
    """
    standing = look()
    publisher = _Publisher(version)
    meters = publisher.meters(sheet, _by_event(standing.meters))
    plans = publisher.plans(sheet, {product.plan: product for product in standing.products})
    beyond = publisher.beyond(sheet, {product.meter: product for product in standing.products})
    prices = publisher.prices([*_plain(sheet, plans), *_metered(sheet, beyond, meters)], standing.prices)
    published = Published(meters, plans, beyond, prices)
    publisher.archive(standing, published, set(former_meters))
    return published


def _by_event(meters: list[MeterRecord]) -> dict[str, MeterRecord]:
    """One per event name; an active one stands before those it followed."""
    return {meter.event_name: meter for meter in sorted(meters, key=lambda meter: meter.is_active)}


def _plain(sheet: Sheet, plans: dict[str, str]) -> Iterator[PriceRecord]:
    for key, facts in sheet.prices.items():
        yield _price(key, facts, plans[facts["plan"]], str(facts["interval"]), None)


def _metered(sheet: Sheet, beyond: dict[str, str], meters: dict[str, str]) -> Iterator[PriceRecord]:
    """Use is counted by the month, also within a yearly plan."""
    for key, facts in sheet.overages.items():
        meter = facts["meter_key"]
        yield _price(key, facts, beyond[meter], str(Interval.MONTH), meters[meter])


def _price(key: str, facts: Facts, product: str, interval: str, meter: str | None) -> PriceRecord:
    return PriceRecord(
        stripe_id="",
        product=product,
        plan=facts["plan"],
        currency=facts["currency"],
        interval=interval,
        unit_amount=Decimal(facts["unit_amount"]),
        meter=meter,
        lookup_key=key,
        is_active=True,
    )


def _worth(price: PriceRecord) -> tuple[object, ...]:
    """What makes two prices the same offer. Plans share the product of a meter, but each has its own price."""
    plan = price.plan if price.meter else None
    return price.product, plan, price.currency, price.interval, price.unit_amount, price.meter


def _beyond_name(meter: Facts) -> str:
    """What lines of an invoice call use that a plan does not include: "Storage (GB) beyond the plan"."""
    things = f"{meter['name']} ({meter['unit']})" if meter["unit"] else meter["name"]
    return str(_("%(things)s beyond the plan", things=capital(things)))


class _Publisher:
    """The deeds at Stripe; `version` is part of every key, because the same deed may be wanted again in a later one."""

    def __init__(self, version: str) -> None:
        self._version = version

    def _key(self, deed: str, *what: object) -> str:
        digest = hashlib.sha256(repr(what).encode()).hexdigest()[:24]
        return f"catalog:{self._version}:{deed}:{digest}"

    def meters(self, sheet: Sheet, standing: dict[str, MeterRecord]) -> dict[str, str]:
        for event, facts in sheet.meters.items():
            found = standing.get(event)
            if found and found.formula != FORMULAS[facts["aggregation"]]:
                raise MeterTaken(event, found.formula)
        return {event: self._meter(event, facts, standing.get(event)) for event, facts in sheet.meters.items()}

    def _meter(self, event: str, facts: Facts, found: MeterRecord | None) -> str:
        name, formula = facts["name"], FORMULAS[facts["aggregation"]]
        if found is None:
            key = self._key("create-meter", event, name, formula)
            return gateway.create_meter(key, event_name=event, name=name, formula=formula)
        if not found.is_active:
            gateway.revive_meter(self._key("revive-meter", found.stripe_id), found.stripe_id)
        if found.name != name:
            gateway.rename_meter(self._key("rename-meter", found.stripe_id, name), found.stripe_id, name)
        return found.stripe_id

    def plans(self, sheet: Sheet, standing: dict[str, ProductRecord]) -> dict[str, str]:
        paid = {key: facts for key, facts in sheet.plans.items() if facts["kind"] == PlanKind.PAID}
        return {key: self._plan(key, facts, standing.get(key)) for key, facts in paid.items()}

    def _plan(self, plan: str, facts: Facts, found: ProductRecord | None) -> str:
        name, description = facts["name"], facts["description"]
        if found is None:
            key = self._key("create-product", plan, name, description)
            return gateway.create_product(key, plan=plan, name=name, description=description)
        return self._named(found, name, description)

    def beyond(self, sheet: Sheet, standing: dict[str, ProductRecord]) -> dict[str, str]:
        sold = {facts["meter_key"] for facts in sheet.overages.values()}
        return {meter: self._beyond(meter, sheet.meters[meter], standing.get(meter)) for meter in sorted(sold)}

    def _beyond(self, meter: str, facts: Facts, found: ProductRecord | None) -> str:
        name = _beyond_name(facts)
        if found is None:
            key = self._key("create-metered-product", meter, name)
            return gateway.create_metered_product(key, meter=meter, name=name)
        return self._named(found, name, found.description)

    def _named(self, found: ProductRecord, name: str, description: str) -> str:
        if (found.name, found.description, found.is_active) != (name, description, True):
            key = self._key("update-product", found.stripe_id, name, description)
            gateway.update_product(key, found.stripe_id, name=name, description=description)
        return found.stripe_id

    def prices(self, wanted: list[PriceRecord], standing: list[PriceRecord]) -> dict[str, str]:
        # An active one counts before an archived one, the holder of the lookup key before all.
        found = {
            _worth(price): price for price in sorted(standing, key=lambda p: (p.is_active, p.lookup_key is not None))
        }
        return {str(price.lookup_key): self._price(price, found.get(_worth(price))) for price in wanted}

    def _price(self, wanted: PriceRecord, found: PriceRecord | None) -> str:
        if found is None:
            return gateway.create_price(self._key("create-price", wanted), wanted)
        if not found.is_active or found.lookup_key != wanted.lookup_key:
            key = self._key("revive-price", found.stripe_id, wanted.lookup_key)
            gateway.revive_price(key, found.stripe_id, str(wanted.lookup_key))
        return found.stripe_id

    def archive(self, standing: Standing, published: Published, former_meters: set[str]) -> None:
        """End the sale of what is ours and no longer wanted; a meter is ours only if our tables say so."""
        kept = published.all
        for price in standing.prices:
            if price.is_active and price.plan and price.stripe_id not in kept:
                gateway.archive_price(self._key("archive-price", price.stripe_id), price.stripe_id)
        for product in standing.products:
            if product.is_active and product.stripe_id not in kept:
                gateway.archive_product(self._key("archive-product", product.stripe_id), product.stripe_id)
        for meter in standing.meters:
            if meter.is_active and meter.stripe_id in former_meters - kept:
                gateway.archive_meter(self._key("archive-meter", meter.stripe_id), meter.stripe_id)
