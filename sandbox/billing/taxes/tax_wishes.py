"""What a request may ask about taxes: rates that are in use, or automatic tax for a customer who can be found, not both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sandbox.billing.taxes import automatic_tax
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def check(box: Sandbox, params: dict[str, Any], customer: Record, subscription: Record | None = None) -> None:
    """Refuse parameters of a subscription (a new one when None) that cannot be taxed as they ask."""
    automatic = (params.get("automatic_tax") or (subscription or {}).get("automatic_tax") or {}).get("enabled", False)
    known = (subscription or {}).get("default_tax_rates", ())
    asked = list(_rates(params))
    for param, ids in asked:
        check_rates(box, ids, param, known)
    kept = [*known] if "default_tax_rates" not in params else []
    if automatic and (kept or any(ids for _, ids in asked)):
        raise invalid("You cannot use automatic tax together with tax rates.", "automatic_tax[enabled]")
    if (params.get("automatic_tax") or {}).get("enabled"):
        automatic_tax.need_location(box, customer, "automatic_tax[enabled]")


def check_rates(box: Sandbox, ids: Iterable[str], param: str, known: Iterable[str] = ()) -> None:
    """Refuse tax rates that do not exist, or are archived and not among those ``known`` before."""
    for index, id in enumerate(ids):
        rate = box.store.need("tax_rate", id, f"{param}[{index}]")
        if not rate["active"] and id not in known:
            raise invalid(f"The tax rate {id} is archived and cannot be used any more.", f"{param}[{index}]")


def _rates(params: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    yield "default_tax_rates", params.get("default_tax_rates") or []
    for index, item in enumerate(params.get("items") or []):
        yield f"items[{index}][tax_rates]", item.get("tax_rates") or []
