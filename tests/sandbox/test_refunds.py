"""Refunds: whole, in parts, refused, late, taken back; and what the charge says of them."""

import random

import pytest
import stripe

from tests.sandbox.conftest import START
from tests.sandbox.shop import refused

LATE = "pm_card_pendingRefund"
BOUNCES = "pm_card_refundFail"


@pytest.fixture
def pay(shop):
    """A charge of fifty dollars."""

    def paid(card="pm_card_visa", **more):
        wish = {"amount": 5000, "payment_method": card, "confirm": True, "expand": ["latest_charge"], **more}
        return shop.ask(**wish).latest_charge

    return paid


@pytest.fixture
def refunded(shop):
    """What a charge says of its refunds."""

    def told(charge):
        seen = shop.v1.charges.retrieve(charge.id)
        return seen.amount_refunded, seen.refunded

    return told


def test_a_charge_is_refunded_whole(shop, pay, refunded, received):
    charge = pay()
    received()
    asked = {"payment_intent": charge.payment_intent, "reason": "requested_by_customer", "metadata": {"ticket": "7"}}
    refund = shop.v1.refunds.create(asked)
    assert (refund.amount, refund.status, refund.reason) == (5000, "succeeded", "requested_by_customer")
    assert (refund.charge, refund.payment_intent, refund.currency) == (charge.id, charge.payment_intent, "usd")
    assert received() == ["charge.refunded", "refund.created"]
    assert refunded(charge) == (5000, True)
    assert shop.v1.refunds.retrieve(refund.id).metadata.ticket == "7"


def test_the_event_says_what_the_charge_was_before(shop, pay):
    charge = pay()
    shop.v1.refunds.create({"charge": charge.id, "amount": 1200})
    (event,) = shop.v1.events.list({"type": "charge.refunded"}).data
    assert (event.data.object.amount_refunded, event.data.object.refunded) == (1200, False)
    assert event.data.previous_attributes.to_dict() == {"amount_refunded": 0}


def test_a_charge_is_refunded_in_parts_until_nothing_is_left(shop, pay, refunded):
    charge = pay()
    made = [shop.v1.refunds.create({"charge": charge.id, "amount": amount}) for amount in (1000, 1500)]
    assert refunded(charge) == (2500, False)
    error = refused(shop.v1.refunds.create, {"charge": charge.id, "amount": 2501})
    assert error.message == "Refund amount ($25.01) is greater than unrefunded amount on charge ($25.00)"
    made.append(shop.v1.refunds.create({"charge": charge.id}))
    assert (made[-1].amount, refunded(charge)) == (2500, (5000, True))
    error = refused(shop.v1.refunds.create, {"charge": charge.id, "amount": 1})
    assert (error.code, error.message) == ("charge_already_refunded", f"Charge {charge.id} has already been refunded.")
    newest_first = [one.id for one in reversed(made)]
    expanded = shop.v1.charges.retrieve(charge.id, {"expand": ["refunds"]}).refunds
    assert [one.id for one in expanded.data] == newest_first
    for wanted in ({"charge": charge.id}, {"payment_intent": charge.payment_intent}, {"created": {"gte": START}}):
        assert [one.id for one in shop.v1.refunds.list(wanted).data] == newest_first
    assert shop.v1.refunds.list({"created": {"lt": START}}).data == []
    assert "refunds" not in shop.v1.charges.retrieve(charge.id)


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"amount": 5001}, "amount", None),
        ({"amount": 0}, "amount", "parameter_invalid_integer"),
        ({"amount": -1}, "amount", "parameter_invalid_integer"),
        ({"reason": "expired_uncaptured_charge"}, "reason", None),
        ({"reverse_transfer": True}, "reverse_transfer", "parameter_unsupported"),
        ({"charge": "ch_nothing"}, "charge", "resource_missing"),
        ({"payment_intent": "pi_other"}, "payment_intent", None),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused(shop, pay, refunded, params, param, code):
    charge = pay()
    error = refused(shop.v1.refunds.create, {"charge": charge.id, **params})
    assert (error.param, error.code) == (param, code)
    assert refunded(charge) == (0, False)


def test_only_money_that_was_taken_is_refunded(shop, pay, box):
    with pytest.raises(stripe.CardError) as declined:
        pay("pm_card_visa_chargeDeclined")
    intent = declined.value.error.payment_intent
    assert "does not have a successful charge" in refused(shop.v1.refunds.create, {"payment_intent": intent.id}).message
    assert "was not captured" in refused(shop.v1.refunds.create, {"charge": intent.latest_charge}).message
    held = pay(capture_method="manual")
    assert refused(shop.v1.refunds.create, {"payment_intent": held.payment_intent}).param == "payment_intent"
    assert refused(shop.v1.refunds.retrieve, "re_nothing").code == "resource_missing"
    assert "payment_intent or charge" in refused(shop.v1.refunds.create, {}).message
    box.observation.violations.clear()  # a missing parameter counts as one


def test_the_invoice_stays_paid(shop):
    customer = shop.customer()
    shop.subscribe(customer, shop.price(9900))
    (charge,) = shop.v1.charges.list({"customer": customer.id}).data
    shop.v1.refunds.create({"charge": charge.id})
    (invoice,) = shop.v1.invoices.list({"customer": customer.id, "expand": ["data.payments"]}).data
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 9900, 0)
    assert (invoice.payments.data[0].status, invoice.payments.data[0].amount_paid) == ("paid", 9900)


def test_the_metadata_of_a_refund_can_be_changed(shop, pay, received):
    refund = shop.v1.refunds.create({"charge": pay().id, "metadata": {"a": "1"}})
    received()
    changed = shop.v1.refunds.update(refund.id, {"metadata": {"a": "", "b": "2"}})
    assert changed.metadata.to_dict() == {"b": "2"}
    assert received() == ["refund.updated"]


def test_a_late_card_gets_its_money_an_hour_later(shop, pay, refunded, clock, received):
    charge = pay(LATE)
    refund = shop.v1.refunds.create({"charge": charge.id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert refunded(charge) == (5000, True)
    received()
    clock.turn(by="59 minutes")
    assert received() == []
    clock.turn(by="1 minute")
    assert received() == ["refund.updated", "charge.refund.updated"]
    assert shop.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert refunded(charge) == (5000, True)


def test_a_refund_that_bounces_leaves_the_money_where_it_was(shop, pay, refunded, clock, received):
    charge = pay(BOUNCES)
    refund = shop.v1.refunds.create({"charge": charge.id, "amount": 2000})
    assert (refund.status, refunded(charge)) == ("succeeded", (2000, False))
    received()
    clock.turn(to="next")
    assert received() == ["refund.updated", "charge.refund.updated", "charge.updated", "refund.failed"]
    failed = shop.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    (event,) = shop.v1.events.list({"type": "charge.refund.updated"}).data
    assert event.data.previous_attributes.to_dict() == {"failure_reason": None, "status": "succeeded"}
    assert refunded(charge) == (0, False)
    assert shop.v1.refunds.create({"charge": charge.id}).amount == 5000


def test_a_pending_refund_can_be_called_back(shop, pay, refunded, clock, received):
    charge = pay(LATE)
    refund = shop.v1.refunds.create({"charge": charge.id})
    received()
    canceled = shop.v1.refunds.cancel(refund.id)
    assert (canceled.status, canceled.failure_reason) == ("canceled", "merchant_request")
    assert received() == ["refund.updated", "charge.refund.updated", "charge.updated"]
    assert refunded(charge) == (0, False)
    clock.turn(by="1 day")
    assert received() == []
    assert "has a status of canceled" in refused(shop.v1.refunds.cancel, refund.id).message
    settled = shop.v1.refunds.create({"charge": pay().id})
    assert "has a status of succeeded" in refused(shop.v1.refunds.cancel, settled.id).message


@pytest.mark.parametrize("seed", range(5))
def test_refunds_never_add_up_to_more_than_the_charge(shop, pay, clock, seed):
    dice = random.Random(seed)
    charges = [pay(card) for card in ("pm_card_visa", LATE, BOUNCES)]
    for _ in range(15):
        charge = dice.choice(charges)
        deed = dice.choice(("refund", "refund", "cancel", "wait"))
        try:
            if deed == "refund":
                shop.v1.refunds.create({"charge": charge.id, "amount": dice.randint(1, 4000)})
            elif deed == "cancel":
                found = shop.v1.refunds.list({"charge": charge.id}).data
                shop.v1.refunds.cancel(dice.choice(found).id if found else "re_nothing")
            else:
                clock.turn(by=f"{dice.randint(1, 60)} minutes")
        except stripe.InvalidRequestError:
            pass
        for one in charges:
            seen = shop.v1.charges.retrieve(one.id, {"expand": ["refunds"]})
            on_the_way = [refund for refund in seen.refunds.data if refund.status in ("pending", "succeeded")]
            assert seen.amount_refunded == sum(refund.amount for refund in on_the_way) <= seen.amount
            assert seen.refunded == (seen.amount_refunded == seen.amount)
