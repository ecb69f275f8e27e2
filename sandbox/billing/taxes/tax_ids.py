"""Tax ids of customers and of the seller: their form, and what an authority says of them.

Sources: https://docs.stripe.com/billing/customer/tax-ids (forms by example, magic numbers for tests).
Assumptions: EU and UK numbers and Australian business numbers are verified, all others are ``unavailable``; what is
verified is answered 5 seconds later, with the customer's own name; any well-formed number that is not magic is known to
its authority; a magic number may stand alone or behind a country code. Simplifications: forms of the more common types
only, without check digits; no limit to the number of ids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.billing.taxes import tax_table
from sandbox.errors import invalid
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

ANSWERED_AFTER = 5
"""Seconds of virtual time until an authority answers."""
ASKED = ("au_abn", "eu_vat", "gb_vat")
OUTCOMES = {"000000000": "verified", "111111111": "unverified", "222222222": None}
"""What becomes of the magic numbers; None waits for ever."""

EU_FORMS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z\d]\d{7}[A-Z\d]",
    "FI": r"\d{8}",
    "FR": r"[A-Z\d]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}(\d{3})?",
    "IE": r"\d[A-Z\d+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}(\d{3})?",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}(\d{3})?",
}
FORMS = {
    "au_abn": r"\d{11}",
    "au_arn": r"\d{12}",
    "ca_bn": r"\d{9}",
    "ca_gst_hst": r"\d{9}RT\d{4}",
    "ca_qst": r"\d{10}TQ\d{4}",
    "ch_uid": r"CHE-?\d{3}\.?\d{3}\.?\d{3}( HR)?",
    "ch_vat": r"CHE-?\d{3}\.?\d{3}\.?\d{3} ?(MWST|TVA|IVA)",
    "de_stn": r"\d{10,11}",
    "eu_oss_vat": r"EU\d{9}",
    "eu_vat": "|".join(f"{country}{form}" for country, form in EU_FORMS.items()),
    "gb_vat": r"GB(\d{9}|\d{12}|(GD|HA)\d{3})",
    "in_gst": r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z\d]Z[A-Z\d]",
    "jp_trn": r"T\d{13}",
    "no_vat": r"\d{9}MVA",
    "nz_gst": r"\d{3}-?\d{3}-?\d{3}|\d{8}",
    "sg_gst": r"[A-Z]\d{8}[A-Z]",
    "us_ein": r"\d{2}-?\d{7}",
}
ANY_FORM = r"[\w./ -]{2,40}"
OWN_COUNTRIES = {"EL": "GR", "XI": "GB"}
"""Prefixes of VAT numbers that are no country codes."""


def create(box: Sandbox, kind: str, value: str, customer: Record | None, param: str) -> Record:
    """Store a tax id of a customer (of the seller when None), and ask the authority where there is one to ask.

    A number of the wrong form is refused with ``tax_id_invalid``, naming ``param``.
    """
    _check(kind, value, param)
    now = box.clock.now()
    asked = customer is not None and kind in ASKED
    verification = {"status": "pending" if asked else "unavailable", "verified_address": None, "verified_name": None}
    waits = asked and OUTCOMES.get(_magic(value), "verified") is None
    tax_id = box.store.add(
        {
            **box.contract.blank("tax_id"),
            "id": new_id("txi"),
            "country": _country(kind, value, customer),
            "created": now,
            "customer": customer["id"] if customer else None,
            "owner": _owner(customer),
            "type": kind,
            "value": value,
            "verification": verification if customer else None,
            "_answered_at": now + ANSWERED_AFTER if asked and not waits else None,
        }
    )
    if customer:
        box.events.record("customer.tax_id.created", tax_id)
    return tax_id


def answer(box: Sandbox, tax_id: Record) -> None:
    """Let the authority say what it knows of a number."""
    customer = box.store.need("customer", tax_id["customer"])
    outcome = OUTCOMES.get(_magic(tax_id["value"]), "verified")
    name = customer["name"] if outcome == "verified" else None
    with box.events.updating(tax_id):
        box.store.update(
            tax_id,
            verification={"status": outcome, "verified_address": None, "verified_name": name},
            _answered_at=None,
        )


def delete(box: Sandbox, tax_id: Record) -> None:
    """Forget a tax id; finalized invoices keep showing it."""
    box.store.remove(tax_id)
    if tax_id["customer"]:
        box.events.record("customer.tax_id.deleted", tax_id)


def of(box: Sandbox, customer: Record) -> list[Record]:
    """A customer's tax ids, oldest first."""
    return box.store.of("tax_id", "customer", customer["id"])


def frozen(box: Sandbox, customer: Record) -> list[dict[str, Any]]:
    """``customer_tax_ids`` of an invoice."""
    return [{"type": one["type"], "value": one["value"]} for one in of(box, customer)]


def shows_business(tax_id: Record, seller_country: str) -> bool:
    """Whether a tax id makes its holder a business in another member state than the seller's."""
    if tax_id["type"] != "eu_vat" or tax_id["verification"]["status"] == "unverified":
        return False
    return tax_id["country"] in tax_table.EU and tax_id["country"] != seller_country


def _check(kind: str, value: str, param: str) -> None:
    magic = kind in ASKED and _magic(value) in OUTCOMES
    if not magic and not re.fullmatch(FORMS.get(kind, ANY_FORM), value):
        raise invalid(f"Invalid value for {kind}.", param, "tax_id_invalid")


def _magic(value: str) -> str:
    return re.sub(r"^[A-Z]{2}", "", value)


def _country(kind: str, value: str, customer: Record | None) -> str | None:
    if kind == "eu_vat":
        prefix = value[:2] if value[:2].isalpha() else ((customer or {}).get("address") or {}).get("country")
    else:
        prefix = kind[:2].upper()
    country = OWN_COUNTRIES.get(prefix or "", prefix)
    return country if country in tax_table.COUNTRIES else None


def _owner(customer: Record | None) -> dict[str, Any]:
    nobody = dict.fromkeys(("account", "application", "customer", "customer_account"))
    return {**nobody, "customer": customer["id"], "type": "customer"} if customer else {**nobody, "type": "self"}
