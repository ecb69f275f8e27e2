"""Updates that count when they are paid: ``payment_behavior=pending_if_incomplete``."""

import pytest
import stripe

from tests.sandbox.shop import amounts

DAY, HOUR = 86400, 3600
HELD = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}


@pytest.fixture
def plans(shop):
    product = shop.v1.products.create({"name": "Plan"}).id
    return [shop.price(amount, product=product) for amount in (3100, 6200, 9300)]


@pytest.fixture
def current(shop, plans):
    """A subscription whose card will not pay again."""
    customer = shop.customer()
    subscription = shop.subscribe(customer, plans[0])
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    return subscription


def pay(shop, subscription):
    good = shop.v1.payment_methods.attach("pm_card_visa", {"customer": subscription.customer})
    return shop.v1.invoices.pay(shop.reload(subscription).latest_invoice.id, {"payment_method": good.id})


def test_what_is_paid_at_once_was_never_pending(shop, plans, received):
    subscription = shop.subscribe(shop.customer(), plans[0])
    received()
    changed = shop.change(subscription, plans[1], **HELD)
    assert (changed["items"].data[0].price.id, changed.pending_update) == (plans[1].id, None)
    names = received()
    assert names[-1] == "customer.subscription.updated"
    assert "customer.subscription.pending_update_applied" not in names


def test_everything_held_is_shown_and_counts_with_the_payment(shop, plans, current, clock):
    now = clock.turn(by="10 days")
    more = {"metadata": {"a": "b"}, "cancel_at_period_end": True, "billing_cycle_anchor": {"type": "now"}}
    held = shop.change(current, plans[1], **HELD, **more)
    update = held.pending_update
    assert (held.metadata.to_dict(), held.cancel_at, held.status) == ({}, None, "active")
    assert (update.metadata.to_dict(), update.cancel_at_period_end) == ({"a": "b"}, True)
    assert update.billing_cycle_anchor == pytest.approx(now, abs=60)
    assert update.expires_at == pytest.approx(now + 23 * HOUR, abs=60)
    pay(shop, held)
    applied = shop.reload(held)
    assert (applied.pending_update, applied.metadata["a"], applied.cancel_at_period_end) == (None, "b", True)
    assert applied.cancel_at == applied["items"].data[0].current_period_end
    assert applied.billing_cycle_anchor == update.billing_cycle_anchor


def test_a_pending_update_expires_with_the_period_at_the_latest(shop, plans, current, clock, received):
    end = current["items"].data[0].current_period_end
    clock.turn(to=end - 20 * HOUR)
    held = shop.change(current, plans[1], **HELD)
    assert held.pending_update.expires_at == end
    received()
    clock.turn(to=end)
    names = received()
    assert "customer.subscription.pending_update_expired" in names
    assert names[-2:] == ["invoice.created", "customer.subscription.updated"]
    assert amounts(shop.reload(held).latest_invoice) == [3100]


def test_a_trial_that_is_to_end_goes_on_until_that_is_paid(shop, plans):
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"), plans[0], trial_period_days=9)
    held = shop.v1.subscriptions.update(subscription.id, {**HELD, "trial_end": "now"})
    assert (held.status, held.trial_end) == ("trialing", subscription.trial_end)
    assert held.pending_update.trial_end < subscription.trial_end
    pay(shop, held)
    assert (shop.reload(held).status, shop.reload(held).trial_end) == ("active", held.pending_update.trial_end)


@pytest.mark.parametrize("deed", ["another change", "void", "give up", "cancel"])
def test_a_pending_update_is_discarded(shop, plans, current, deed, received):
    held = shop.change(current, plans[1], **HELD)
    received()
    if deed == "another change":
        shop.change(current, plans[2], proration_behavior="none")
    elif deed == "void":
        shop.v1.invoices.void_invoice(held.latest_invoice.id)
    elif deed == "give up":
        shop.v1.invoices.mark_uncollectible(held.latest_invoice.id)
    else:
        shop.v1.subscriptions.cancel(current.id)
    assert "customer.subscription.pending_update_expired" in received()
    kept = shop.reload(current)
    assert (kept.pending_update, kept["items"].data[0].price.id) == (
        None,
        plans[2 if deed == "another change" else 0].id,
    )
    assert shop.v1.invoices.retrieve(held.latest_invoice.id).status in ("void", "uncollectible")


def test_what_costs_nothing_now_is_not_held(shop, plans, current):
    changed = shop.change(current, plans[1], payment_behavior="pending_if_incomplete", metadata={"a": "b"})
    assert (changed["items"].data[0].price.id, changed.pending_update) == (plans[1].id, None)
    assert changed.metadata["a"] == "b"


@pytest.mark.parametrize(
    "params",
    [
        {"description": "no"},
        {"discounts": ""},
        {"default_tax_rates": ""},
        {"cancel_at": "min_period_end"},
        {"collection_method": "send_invoice"},
        {"cancellation_details": {"comment": "no"}},
    ],
)
def test_what_cannot_be_held_is_refused_by_name(shop, plans, current, params):
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.change(current, plans[1], **HELD, **params)
    assert error.value.param == next(iter(params))
    assert shop.reload(current)["items"].data[0].price.id == plans[0].id


def test_items_are_held_by_price_and_quantity_only(shop, plans, current):
    item = {"id": current["items"].data[0].id, "quantity": 2, "metadata": {"a": "b"}}
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.v1.subscriptions.update(current.id, {**HELD, "items": [item]})
    assert error.value.param == "items[0][metadata]"


def test_invoices_that_are_sent_hold_nothing(shop, plans):
    sent = shop.subscribe(shop.customer(), plans[0], collection_method="send_invoice", days_until_due=3)
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.change(sent, plans[1], **HELD)
    assert error.value.param == "payment_behavior"


def test_what_must_be_paid_or_fail_changes_nothing_when_it_fails(shop, plans, current, received):
    received()
    params = {"payment_behavior": "error_if_incomplete", "proration_behavior": "always_invoice"}
    with pytest.raises(stripe.CardError):
        shop.change(current, plans[1], metadata={"a": "b"}, **params)
    kept = shop.reload(current)
    assert (kept.metadata.to_dict(), kept.status, received()) == ({}, "active", [])


def test_a_change_that_is_allowed_to_fail_leaves_arrears(shop, plans, current):
    changed = shop.change(current, plans[1], proration_behavior="always_invoice")
    assert (changed.status, changed.latest_invoice.status) == ("past_due", "open")
    assert changed["items"].data[0].price.id == plans[1].id
