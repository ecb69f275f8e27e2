"""A tax number in words: its kind, and what the authority says of it."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from . import tax_types
from .models import TaxId, Verification

STATES = {
    Verification.WAITING: (_l("Checked when you choose a plan"), "quiet"),
    Verification.REFUSED: (_l("Not accepted: remove it and enter it again"), "danger"),
    Verification.PENDING: (_l("Being verified"), "info"),
    Verification.VERIFIED: (_l("Verified"), "success"),
    Verification.UNVERIFIED: (_l("Could not be verified: please check it"), "warning"),
    Verification.UNAVAILABLE: (_l("Cannot be verified automatically"), "quiet"),
}


@dataclass(frozen=True)
class ToldTaxId:
    """`tone` is one of the badge's."""

    public_id: str
    kind: str
    value: str
    state: str
    tone: str


def told(tax_id: TaxId) -> ToldTaxId:
    state, tone = STATES[Verification(tax_id.verification)]
    return ToldTaxId(tax_id.public_id, tax_types.name(tax_id.type), tax_id.value, str(state), tone)
