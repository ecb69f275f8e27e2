"""Automatic tax: where a customer is, which taxes of that place apply to them, and why not.

The seller is in the country of the settings and counts as registered in every place of the table. A place without a row
is ``not_collecting``. Sources: https://docs.stripe.com/tax/customer-locations (the first address that is present decides,
even if nothing can be made of it; the United States need a postal code, Canada a province or a postal code) and
https://docs.stripe.com/tax/zero-tax.
Assumptions: no address says where the customer is when only a country outside the list of ISO 3166 is given; reverse charge
takes an EU VAT number that was not found to be wrong, of another member state than the seller's; who pays a price that
includes tax pays it in full when no tax is due; the taxable amount of what is not taxed is 0.
Simplifications: neither IP addresses nor cards tell a country; a failed calculation is not played; products have no tax
codes; businesses outside the EU get no reverse charge; an invoice that cannot be finalized for want of a location stays a
draft, where Stripe would later finalize a subscription's invoice without tax.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.billing.taxes import tax_ids, tax_table
from sandbox.billing.taxes.tax_table import Tax
from sandbox.errors import ApiError
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

EXEMPTIONS = {"exempt": "customer_exempt", "reverse": "reverse_charge"}
"""A customer's ``tax_exempt`` and the ``taxability_reason`` that follows from it."""
UNTAXED = ("customer_exempt", "reverse_charge", "not_collecting")
NO_TAX = Tax("", "0")


@dataclass(frozen=True)
class Location:
    """Where a customer is taxed; ``source`` is the API's word for how we know."""

    country: str
    state: str | None
    source: str


@dataclass(frozen=True)
class Assessment:
    """Which taxes an invoice has to show for a customer, in one place, and why they are what they are."""

    place: Location
    taxes: tuple[Tax, ...]
    reason: str | None
    """None when it depends on the tax: ``standard_rated``, or ``zero_rated`` where the rate is 0."""

    def rates(self, box: Sandbox, *, inclusive: bool) -> list[tuple[Record, str]]:
        """A tax rate for each tax, with the ``taxability_reason``; rates are made on the way, archived as Stripe's are."""
        return [(_rate(box, tax, self.place, inclusive), self.reason or _reason(tax)) for tax in self.taxes]


def location(box: Sandbox, customer: Record) -> Location | None:
    """Where a customer is; None when no address says so, or the first one does not say enough."""
    for source, address in _addresses(box, customer):
        if address and any(address.values()):
            return _locate(address, source)
    return None


def assess(box: Sandbox, customer: Record) -> Assessment | None:
    """How to tax a customer; None when nobody knows where they are."""
    place = location(box, customer)
    if place is None:
        return None
    taxes = tax_table.of(place.country, place.state)
    reason = EXEMPTIONS.get(customer["tax_exempt"])
    if not taxes:
        taxes, reason = (NO_TAX,), reason or "not_collecting"
    elif reason is None and _is_business_abroad(box, customer, place):
        reason = "reverse_charge"
    if reason:
        taxes = tuple(tax._replace(percentage="0") for tax in taxes)
    return Assessment(place, taxes, reason)


def about(box: Sandbox, customer: Record) -> dict[str, Any]:
    """``customer.tax``."""
    place = location(box, customer)
    if place is None:
        status = "unrecognized_location"
    else:
        status = "supported" if tax_table.of(place.country, place.state) else "not_collecting"
    shown = place and {"country": place.country, "source": place.source, "state": place.state}
    return {"automatic_tax": status, "ip_address": customer.get("_ip_address"), "location": shown, "provider": "stripe"}


def status(box: Sandbox, customer: Record) -> str:
    """``invoice.automatic_tax.status`` of an invoice that is taxed automatically."""
    return "complete" if location(box, customer) else "requires_location_inputs"


def need_location(box: Sandbox, customer: Record, param: str) -> None:
    """Refuse what needs to know where a customer is taxed."""
    if location(box, customer) is None:
        raise unknown_location(param)


def unknown_location(param: str | None = None, *, keep: bool = False) -> ApiError:
    return ApiError(
        "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
        code="customer_tax_location_invalid",
        param=param,
        keep=keep,
    )


def fail(box: Sandbox, invoice: Record) -> None:
    """Leave an invoice a draft because nobody knows where its customer is."""
    box.store.update(
        invoice,
        automatic_tax={**invoice["automatic_tax"], "status": "requires_location_inputs"},
        automatically_finalizes_at=None,
        last_finalization_error=unknown_location().error,
    )
    box.events.record("invoice.finalization_failed", invoice)


def _addresses(box: Sandbox, customer: Record) -> Iterator[tuple[str, dict[str, Any] | None]]:
    yield "shipping_destination", (customer["shipping"] or {}).get("address")
    yield "billing_address", customer["address"]
    method = box.store.get("payment_method", customer["invoice_settings"]["default_payment_method"] or "")
    if method:
        yield "payment_method", method["billing_details"]["address"]


def _locate(address: dict[str, Any], source: str) -> Location | None:
    country = (address.get("country") or "").upper()
    state = tax_table.state_of(country, address.get("postal_code") or "")
    given = (address.get("state") or "").upper()
    if country == "CA" and tax_table.of(country, given):
        state = given
    if country not in tax_table.COUNTRIES or (country in ("CA", "US") and state is None):
        return None
    return Location(country, state, source)


def _is_business_abroad(box: Sandbox, customer: Record, place: Location) -> bool:
    seller = box.settings.seller_country
    if seller not in tax_table.EU or place.country not in tax_table.EU or place.country == seller:
        return False
    return any(tax_ids.shows_business(one, seller) for one in tax_ids.of(box, customer))


def _reason(tax: Tax) -> str:
    return "standard_rated" if float(tax.percentage) else "zero_rated"


def _rate(box: Sandbox, tax: Tax, place: Location, inclusive: bool) -> Record:
    # The id follows from the content, so that a preview names the same rates as the invoice it foretells.
    content = f"{place.country} {place.state} {tax} {inclusive}"
    id = f"txr_{hashlib.sha256(content.encode()).hexdigest()[:24]}"
    return box.store.get("tax_rate", id) or box.store.add(_new_rate(box, id, tax, place, inclusive))


def _new_rate(box: Sandbox, id: str, tax: Tax, place: Location, inclusive: bool) -> Record:
    jurisdiction = place.state if tax.level == "state" else place.country
    name = tax_table.NAMES.get(tax.type, "Tax")
    return {
        **box.contract.blank("tax_rate"),
        "id": id,
        "active": False,
        "country": place.country,
        "created": box.clock.now(),
        "description": f"{name} {jurisdiction}",
        "display_name": name,
        "effective_percentage": float(tax.percentage),
        "inclusive": inclusive,
        "jurisdiction": jurisdiction,
        "jurisdiction_level": tax.level,
        "metadata": {},
        "percentage": float(tax.percentage),
        "rate_type": "percentage",
        "state": place.state,
        "tax_type": tax.type or None,
    }
