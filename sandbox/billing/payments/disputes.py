"""Disputes: a customer asks their bank to take a payment back, and the bank decides.

Test evidence decides as on Stripe's testing page: ``uncategorized_text`` is ``winning_evidence`` or ``losing_evidence``;
anything else stays ``under_review``. The invoice that was paid stays ``paid``.
Assumptions: evidence is due seven days after the dispute, and unanswered it is lost; evidence is submitted once.
Simplifications: no inquiries, no fees, no balance transactions, no files as evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.payments import cards
from sandbox.errors import ApiError, invalid
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

DUE_AFTER = 7 * 86400
"""Seconds to answer a dispute."""

VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}

FRAUD_CODE = "10.4"
"""Visa's code for fraud where no card was present."""


def open_if_wanted(box: Sandbox, charge: Record) -> None:
    """Dispute a charge that was just paid, if its card is one that does."""
    if cards.behind(box.store.need("payment_method", charge["payment_method"])).disputed:
        _open(box, charge)


def edit(box: Sandbox, dispute: Record, evidence: dict[str, Any] | None, *, submit: bool, **fields: Any) -> None:
    """Put evidence on a dispute, and send what is there to the bank if ``submit``; ``fields`` are changed either way."""
    if (evidence or submit) and dispute["status"] != "needs_response":
        raise _over(dispute)
    with box.events.updating(dispute):
        box.store.update(dispute, **fields)
        if evidence:
            _keep(box, dispute, evidence)
        if submit:
            _submit(box, dispute)
    verdict = VERDICTS.get(dispute["evidence"]["uncategorized_text"] or "")
    if submit and verdict:
        _close(box, dispute, verdict)


def give_up(box: Sandbox, dispute: Record) -> None:
    """Accept a dispute that was not answered: it is lost."""
    if dispute["status"] != "needs_response":
        raise _over(dispute)
    _close(box, dispute, "lost")


def expire(box: Sandbox, dispute: Record) -> None:
    """The last day to answer has passed."""
    box.store.update(dispute, evidence_details={**dispute["evidence_details"], "past_due": True})
    _close(box, dispute, "lost")


def _open(box: Sandbox, charge: Record) -> None:
    dispute = box.store.add(_build(box, charge))
    box.store.update(charge, disputed=True)
    box.events.record("charge.dispute.created", dispute)
    box.events.record("charge.dispute.funds_withdrawn", dispute)


def _keep(box: Sandbox, dispute: Record, evidence: dict[str, Any]) -> None:
    kept = {**dispute["evidence"], **evidence}
    has_evidence = any(value for name, value in kept.items() if name != "enhanced_evidence")
    details = {**dispute["evidence_details"], "has_evidence": has_evidence}
    box.store.update(dispute, evidence=kept, evidence_details=details)


def _submit(box: Sandbox, dispute: Record) -> None:
    details = dispute["evidence_details"]
    if not details["has_evidence"]:
        raise invalid("There is no evidence to submit.", "evidence")
    count = details["submission_count"] + 1
    details = {**details, "submission_count": count, "submission_method": "manual"}
    box.store.update(dispute, status="under_review", evidence_details=details)


def _close(box: Sandbox, dispute: Record, verdict: str) -> None:
    won = verdict == "won"
    box.store.update(dispute, status=verdict, is_charge_refundable=won)
    if won:
        box.events.record("charge.dispute.funds_reinstated", dispute)
    box.events.record("charge.dispute.closed", dispute)


def _over(dispute: Record) -> ApiError:
    return invalid(f"This dispute can no longer be answered: its status is {dispute['status']}.")


def _build(box: Sandbox, charge: Record) -> Record:
    now = box.clock.now()
    texts = box.contract.resolve(box.contract.properties("dispute")["evidence"])["properties"]
    brand = charge["payment_method_details"]["card"]["brand"]
    card = {"brand": brand, "network": brand, "case_type": "chargeback", "network_reason_code": FRAUD_CODE}
    return {
        **box.contract.blank("dispute"),
        "id": new_id("du"),
        "amount": charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(texts), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + DUE_AFTER,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "metadata": {},
        "network_reason_code": FRAUD_CODE,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"type": "card", "card": card},
        "reason": "fraudulent",
        "status": "needs_response",
    }
