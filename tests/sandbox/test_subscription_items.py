"""Subscription items by themselves: the same as an update of their subscription."""

import pytest
import stripe

from tests.sandbox.shop import amounts

NOW = {"proration_behavior": "always_invoice"}


@pytest.fixture
def seats(shop):
    return shop.price(310, name="Seat")


@pytest.fixture
def current(shop, clock):
    subscription = shop.subscribe(shop.customer(), shop.price(3100))
    clock.turn(by="10 days")
    return subscription


def test_an_item_is_added_changed_and_removed_with_prorations(shop, current, seats, received):
    received()
    item = shop.v1.subscription_items.create({"subscription": current.id, "price": seats.id, "quantity": 2, **NOW})
    assert (item.quantity, item.subscription) == (2, current.id)
    assert amounts(shop.reload(current).latest_invoice) == [420]
    assert "customer.subscription.updated" in received()
    changed = shop.v1.subscription_items.update(item.id, {"quantity": 5, "metadata": {"a": "b"}, **NOW})
    assert (changed.quantity, changed.metadata["a"]) == (5, "b")
    assert shop.v1.subscription_items.retrieve(item.id).quantity == 5
    assert amounts(shop.reload(current).latest_invoice) == [-420, 1050]
    gone = shop.v1.subscription_items.delete(item.id, NOW)
    assert (gone.id, gone.deleted) == (item.id, True)
    assert amounts(shop.reload(current).latest_invoice) == [-1050]
    assert [one.id for one in shop.v1.subscription_items.list({"subscription": current.id}).data] == [
        current["items"].data[0].id
    ]
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.subscription_items.retrieve(item.id)


def test_a_pinned_date_and_no_proration_are_possible(shop, current, seats, clock):
    pinned = current["items"].data[0].current_period_start
    params = {"subscription": current.id, "price": seats.id, "proration_date": pinned, **NOW}
    item = shop.v1.subscription_items.create(params)
    assert amounts(shop.reload(current).latest_invoice) == [310]
    shop.v1.subscription_items.update(item.id, {"quantity": 9, "proration_behavior": "none"})
    assert len(shop.invoices(current)) == 2


def test_a_new_price_sets_the_quantity_to_one(shop, current, seats):
    item = current["items"].data[0].id
    assert shop.v1.subscription_items.update(item, {"quantity": 4}).quantity == 4
    assert shop.v1.subscription_items.update(item, {"metadata": {"a": "b"}}).quantity == 4
    assert shop.v1.subscription_items.update(item, {"price": seats.id}).quantity == 1


def test_an_item_may_wait_for_its_payment(shop, current, seats):
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": current.customer})
    shop.v1.subscriptions.update(current.id, {"default_payment_method": bad.id})
    held = {"payment_behavior": "pending_if_incomplete", **NOW}
    item = shop.v1.subscription_items.create({"subscription": current.id, "price": seats.id, "quantity": 9, **held})
    waiting = shop.reload(current)
    assert [one.id for one in waiting["items"].data] == [current["items"].data[0].id]
    assert item.id in [one.id for one in waiting.pending_update.subscription_items]
    with pytest.raises(stripe.CardError):
        shop.v1.subscription_items.update(
            current["items"].data[0].id, {"quantity": 5, "payment_behavior": "error_if_incomplete", **NOW}
        )


@pytest.mark.parametrize(
    ("params", "param"), [({"price": "price_none"}, "price"), ({"quantity": -1}, "quantity"), ({"plan": "x"}, "plan")]
)
def test_what_is_wrong_is_named_as_it_is_called_here(shop, current, params, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.v1.subscription_items.update(current["items"].data[0].id, params)
    assert error.value.param == param


def test_the_last_item_cannot_go_and_only_usage_can_be_cleared(shop, current, seats):
    item = current["items"].data[0].id
    with pytest.raises(stripe.InvalidRequestError, match="at least one"):
        shop.v1.subscription_items.delete(item)
    shop.v1.subscription_items.create({"subscription": current.id, "price": seats.id})
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.v1.subscription_items.delete(item, {"clear_usage": True})
    assert error.value.param == "clear_usage"
