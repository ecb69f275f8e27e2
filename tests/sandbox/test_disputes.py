"""Disputes: opened by a card, answered or not, won and lost."""

import pytest

from tests.sandbox.shop import refused


@pytest.fixture
def dispute(shop):
    """A dispute over fifty dollars."""
    shop.subscribe(shop.customer("pm_card_createDispute"), shop.price(5000))
    (found,) = shop.v1.disputes.list().data
    return found


def test_a_payment_is_disputed_as_soon_as_it_is_made(shop, received, clock):
    subscription = shop.subscribe(shop.customer("pm_card_createDispute"), shop.price(5000))
    names = received()
    assert names.index("charge.succeeded") < names.index("charge.dispute.created")
    assert "charge.dispute.funds_withdrawn" in names
    (dispute,) = shop.v1.disputes.list({"expand": ["data.charge"]}).data
    assert (dispute.amount, dispute.currency) == (5000, "usd")
    assert (dispute.status, dispute.reason, dispute.charge.disputed) == ("needs_response", "fraudulent", True)
    assert dispute.evidence_details.due_by == dispute.created + 7 * 86400
    assert not dispute.evidence_details.has_evidence
    assert (subscription.status, subscription.latest_invoice.status) == ("active", "paid")


def test_disputes_are_found_by_what_was_paid(shop, dispute):
    for wanted in ({"charge": dispute.charge}, {"payment_intent": dispute.payment_intent}):
        assert [one.id for one in shop.v1.disputes.list(wanted).data] == [dispute.id]
    assert shop.v1.disputes.list({"charge": "ch_other"}).data == []
    assert shop.v1.disputes.retrieve(dispute.id).id == dispute.id
    assert refused(shop.v1.disputes.retrieve, "du_nothing").code == "resource_missing"


def test_what_is_disputed_is_captured_first(shop, received):
    intent = shop.ask(payment_method="pm_card_createDispute", capture_method="manual", confirm=True)
    assert shop.v1.disputes.list().data == []
    shop.v1.payment_intents.capture(intent.id, {"amount_to_capture": 600})
    assert [one.amount for one in shop.v1.disputes.list().data] == [600]


def test_evidence_can_be_prepared_and_then_sent(shop, dispute, received):
    received()
    staged = shop.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada"}, "submit": False})
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert (staged.evidence_details.submission_count, received()) == (0, ["charge.dispute.updated"])
    sent = shop.v1.disputes.update(dispute.id, {"submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert (sent.evidence_details.submission_method, sent.evidence.customer_name) == ("manual", "Ada")
    assert received() == ["charge.dispute.updated"]
    assert "under_review" in refused(shop.v1.disputes.update, dispute.id, {"evidence": {"customer_name": "B"}}).message
    assert shop.v1.disputes.update(dispute.id, {"metadata": {"case": "7"}}).metadata.case == "7"


def test_winning_evidence_brings_the_money_back(shop, dispute, received):
    assert refused(shop.v1.refunds.create, {"charge": dispute.charge}).code == "charge_disputed"
    received()
    won = shop.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (won.status, won.is_charge_refundable) == ("won", True)
    assert received() == ["charge.dispute.updated", "charge.dispute.funds_reinstated", "charge.dispute.closed"]
    assert shop.v1.refunds.create({"charge": dispute.charge}).status == "succeeded"


def test_losing_evidence_loses(shop, dispute, received):
    received()
    lost = shop.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "losing_evidence"}})
    assert lost.status == "lost"
    assert received() == ["charge.dispute.updated", "charge.dispute.closed"]
    error = refused(shop.v1.refunds.create, {"charge": dispute.charge})
    assert error.message == f"Charge {dispute.charge} has been charged back; cannot issue a refund."
    charge = shop.v1.charges.retrieve(dispute.charge)
    assert (charge.paid, charge.refunded, charge.disputed) == (True, False, True)


def test_a_dispute_can_be_accepted(shop, dispute, received):
    received()
    assert shop.v1.disputes.close(dispute.id).status == "lost"
    assert received() == ["charge.dispute.closed"]
    assert "status is lost" in refused(shop.v1.disputes.close, dispute.id).message


def test_silence_loses_a_dispute(shop, dispute, clock, received):
    received()
    clock.turn(by="6 days")
    assert shop.v1.disputes.retrieve(dispute.id).status == "needs_response"
    clock.turn(by="1 day")
    lost = shop.v1.disputes.retrieve(dispute.id)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)
    assert received() == ["charge.dispute.closed"]


def test_evidence_that_cannot_be_played_is_refused(shop, dispute):
    error = refused(shop.v1.disputes.update, dispute.id, {"evidence": {"receipt": "file_1"}})
    assert (error.param, error.code) == ("evidence[receipt]", "parameter_unsupported")
    assert refused(shop.v1.disputes.update, dispute.id, {"submit": True}).param == "evidence"
    assert shop.v1.disputes.retrieve(dispute.id).status == "needs_response"
