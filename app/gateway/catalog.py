"""Products, prices and meters at Stripe.

A product of ours carries the key of its plan, or of the meter whose overage it sells, in the metadata, a price the key of its
plan; a price is also found by its lookup key, a meter by its event name. So a fresh database finds again what an earlier one made.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import stripe
from stripe.params import PriceCreateParams, PriceUpdateParams, ProductCreateParams, ProductUpdateParams
from stripe.params.billing import MeterCreateParams, MeterUpdateParams

from app.core.transactions import release

from . import intents
from .client import client
from .errors import translated
from .expandable import id_of

PLAN = "counterfoil_plan"
METER = "counterfoil_meter"
PAGE = 100


@dataclass(frozen=True)
class ProductRecord:
    """`plan` is the key of the plan that it is; or `meter` the key of the meter that is sold with it beyond a plan. The other is ""."""

    stripe_id: str
    plan: str
    meter: str
    name: str
    description: str
    is_active: bool


@dataclass(frozen=True)
class PriceRecord:
    """`unit_amount` is in minor units of `currency`; `meter` is set on a metered price; `plan` is "" on a foreign one."""

    stripe_id: str
    product: str
    plan: str
    currency: str
    interval: str
    unit_amount: Decimal
    meter: str | None
    lookup_key: str | None
    is_active: bool


@dataclass(frozen=True)
class MeterRecord:
    """`formula` is how Stripe aggregates: sum, count or last."""

    stripe_id: str
    event_name: str
    name: str
    formula: str
    is_active: bool


def products() -> list[ProductRecord]:
    """Every product that carries a key of ours, active or not."""
    release()
    with translated():
        pages = client().v1.products.list({"limit": PAGE}).auto_paging_iter()
        return [_product(product) for product in pages if PLAN in product.metadata or METER in product.metadata]


def _product(product: stripe.Product) -> ProductRecord:
    return ProductRecord(
        stripe_id=product.id,
        plan=getattr(product.metadata, PLAN, ""),
        meter=getattr(product.metadata, METER, ""),
        name=product.name,
        description=product.description or "",
        is_active=product.active,
    )


def create_product(key: str, *, plan: str, name: str, description: str) -> str:
    """Create the product of a plan and answer its id."""
    params: ProductCreateParams = {"name": name, "metadata": {PLAN: plan}}
    if description:
        params["description"] = description
    return intents.perform(key, params, lambda p, options: client().v1.products.create(p, options)).id


def create_metered_product(key: str, *, meter: str, name: str) -> str:
    """Create the product that use of a meter beyond a plan is sold as, and answer its id."""
    params: ProductCreateParams = {"name": name, "metadata": {METER: meter}}
    return intents.perform(key, params, lambda p, options: client().v1.products.create(p, options)).id


def update_product(key: str, stripe_id: str, *, name: str, description: str) -> None:
    """Name and describe it, and put it (back) on sale."""
    params: ProductUpdateParams = {"name": name, "description": description, "active": True}
    intents.perform(key, params, lambda p, options: client().v1.products.update(stripe_id, p, options))


def archive_product(key: str, stripe_id: str) -> None:
    params: ProductUpdateParams = {"active": False}
    intents.perform(key, params, lambda p, options: client().v1.products.update(stripe_id, p, options))


def prices(product_ids: Iterable[str]) -> list[PriceRecord]:
    """Every recurring price of these products with one amount per unit, active or not."""
    release()
    found = []
    with translated():
        for product in product_ids:
            pages = client().v1.prices.list({"product": product, "type": "recurring", "limit": PAGE})
            found += [_price(price) for price in pages.auto_paging_iter() if price.unit_amount_decimal is not None]
    return found


def _price(price: stripe.Price) -> PriceRecord:
    recurring = price.recurring
    return PriceRecord(
        stripe_id=price.id,
        product=str(id_of(price.product)),
        plan=getattr(price.metadata, PLAN, ""),
        currency=price.currency,
        interval=recurring.interval if recurring and recurring.interval_count == 1 else "",
        unit_amount=Decimal(str(price.unit_amount_decimal)),
        meter=recurring.meter if recurring else None,
        lookup_key=price.lookup_key,
        is_active=price.active,
    )


def create_price(key: str, record: PriceRecord) -> str:
    """Create the price `record` describes (its `stripe_id` is not looked at) and answer its id.

    An amount never changes at Stripe: a new price takes the lookup key over from the one it follows.
    """
    params: PriceCreateParams = {
        "product": record.product,
        "currency": record.currency,
        "recurring": {"interval": record.interval},
        "lookup_key": str(record.lookup_key),
        "transfer_lookup_key": True,
        "metadata": {PLAN: record.plan},
    }
    if record.meter:
        params["recurring"] |= {"usage_type": "metered", "meter": record.meter}
        params["unit_amount_decimal"] = record.unit_amount
    else:
        params["unit_amount"] = int(record.unit_amount)
    return intents.perform(key, params, lambda p, options: client().v1.prices.create(p, options)).id


def revive_price(key: str, stripe_id: str, lookup_key: str) -> None:
    """Put a price back on sale, with the lookup key of its place."""
    params: PriceUpdateParams = {"active": True, "lookup_key": lookup_key, "transfer_lookup_key": True}
    intents.perform(key, params, lambda p, options: client().v1.prices.update(stripe_id, p, options))


def archive_price(key: str, stripe_id: str) -> None:
    """Sell it no longer; who has it keeps it."""
    params: PriceUpdateParams = {"active": False}
    intents.perform(key, params, lambda p, options: client().v1.prices.update(stripe_id, p, options))


def meters() -> list[MeterRecord]:
    """Every meter, active or not."""
    release()
    with translated():
        return [_meter(meter) for meter in client().v1.billing.meters.list({"limit": PAGE}).auto_paging_iter()]


def _meter(meter: stripe.billing.Meter) -> MeterRecord:
    return MeterRecord(
        stripe_id=meter.id,
        event_name=meter.event_name,
        name=meter.display_name,
        formula=meter.default_aggregation.formula,
        is_active=meter.status == "active",
    )


def create_meter(key: str, *, event_name: str, name: str, formula: str) -> str:
    """Create a meter fed by events that name the customer and a value, and answer its id."""
    params: MeterCreateParams = {
        "display_name": name,
        "event_name": event_name,
        "default_aggregation": {"formula": formula},
        "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
        "value_settings": {"event_payload_key": "value"},
    }
    return intents.perform(key, params, lambda p, options: client().v1.billing.meters.create(p, options)).id


def rename_meter(key: str, stripe_id: str, name: str) -> None:
    params: MeterUpdateParams = {"display_name": name}
    intents.perform(key, params, lambda p, options: client().v1.billing.meters.update(stripe_id, p, options))


def revive_meter(key: str, stripe_id: str) -> None:
    intents.perform(key, {}, lambda p, options: client().v1.billing.meters.reactivate(stripe_id, {}, options))


def archive_meter(key: str, stripe_id: str) -> None:
    """Stop taking its events; what was counted stays."""
    intents.perform(key, {}, lambda p, options: client().v1.billing.meters.deactivate(stripe_id, {}, options))
