"""Changing a subscription: previews, proration, the ways to pay for it."""

import random

import pytest
import stripe

from tests.sandbox.shop import amounts, secret_of

DAY = 86400


def preview(shop, subscription, price, **more):
    change = {"items": [{"id": subscription["items"].data[0].id, "price": price.id}], **more}
    params = {"customer": subscription.customer, "subscription": subscription.id, "subscription_details": change}
    return shop.v1.invoices.create_preview(params)


@pytest.fixture
def plans(shop):
    product = shop.v1.products.create({"name": "Plan"}).id
    return [shop.price(amount, product=product) for amount in (3100, 6200)]


def test_an_upgrade_pays_the_rest_of_the_period_now(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    clock.turn(by="10 days")
    shown = preview(shop, subscription, plans[1], proration_behavior="always_invoice")
    changed = shop.change(
        subscription, plans[1], proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    assert amounts(shown) == amounts(changed.latest_invoice) == [-2100, 4200]
    assert (shown.id[:11], shown.billing_reason, shown.status) == ("upcoming_in", "upcoming", "draft")
    assert (changed.latest_invoice.status, changed.pending_update) == ("paid", None)
    assert changed["items"].data[0].price.id == plans[1].id
    credit, debit = changed.latest_invoice.lines.data
    details = credit.parent.subscription_item_details
    assert details.proration
    assert details.proration_details.credited_items.invoice == subscription.latest_invoice.id
    assert (credit.description[:11], debit.description[:14]) == ("Unused time", "Remaining time")


def test_a_preview_leaves_no_trace(shop, plans, client, url, box):
    subscription = shop.subscribe(shop.customer(), plans[0])
    before = (len(box.store.list("event")), len(box.store.list("invoiceitem")), box.store.types())
    preview(shop, subscription, plans[1], proration_behavior="always_invoice")
    client.v1.invoices.create_preview({"subscription_details": {"items": [{"price": plans[0].id}]}})
    assert (len(box.store.list("event")), len(box.store.list("invoiceitem")), box.store.types()) == before
    assert shop.reload(subscription)["items"].data[0].price.id == plans[0].id


def test_a_pending_change_waits_for_its_payment(shop, plans, visitor, client, received):
    customer = shop.customer()
    subscription = shop.subscribe(customer, plans[0])
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    held = shop.change(
        subscription, plans[1], proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    assert (held.status, held.latest_invoice.status) == ("active", "open")
    assert held["items"].data[0].price.id == plans[0].id
    assert held.pending_update.subscription_items[0].price.id == plans[1].id
    received()
    invoice = client.v1.invoices.retrieve(held.latest_invoice.id, {"expand": ["confirmation_secret"]})
    visitor.confirm(invoice.confirmation_secret.client_secret)
    applied = shop.reload(subscription)
    assert (applied["items"].data[0].price.id, applied.pending_update) == (plans[1].id, None)
    assert received()[-2:] == ["customer.subscription.updated", "customer.subscription.pending_update_applied"]


def test_a_pending_change_that_is_not_paid_expires(shop, plans, client, clock):
    customer = shop.customer()
    subscription = shop.subscribe(customer, plans[0])
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    held = shop.change(
        subscription, plans[1], proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    clock.turn(by="1 day")
    expired = shop.reload(subscription)
    assert (expired.pending_update, expired["items"].data[0].price.id) == (None, plans[0].id)
    assert client.v1.invoices.retrieve(held.latest_invoice.id).status == "void"


def test_error_if_incomplete_changes_nothing(shop, plans, client):
    customer = shop.customer()
    subscription = shop.subscribe(customer, plans[0])
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    with pytest.raises(stripe.CardError):
        shop.change(subscription, plans[1], proration_behavior="always_invoice", payment_behavior="error_if_incomplete")
    assert shop.reload(subscription)["items"].data[0].price.id == plans[0].id
    assert len(shop.invoices(subscription)) == 1


def test_default_incomplete_changes_at_once_and_waits(shop, plans, visitor):
    subscription = shop.subscribe(shop.customer(), plans[0])
    expand = ["latest_invoice.confirmation_secret"]
    more = {"proration_behavior": "always_invoice", "payment_behavior": "default_incomplete", "expand": expand}
    changed = shop.change(subscription, plans[1], **more)
    assert (changed.status, changed.latest_invoice.status) == ("past_due", "open")
    visitor.confirm(secret_of(changed))
    assert shop.reload(subscription).status == "active"


def test_prorations_wait_for_the_next_invoice_by_default(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    clock.turn(by="10 days")
    shown = preview(shop, subscription, plans[1])
    changed = shop.change(subscription, plans[1])
    assert changed.latest_invoice.id == subscription.latest_invoice.id
    clock.turn(by="1 month")
    renewal = shop.invoices(subscription)[-1]
    assert amounts(renewal) == amounts(shown) == [-2100, 4200, 6200]


def test_a_change_without_proration_costs_nothing_now(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    changed = shop.change(subscription, plans[1], proration_behavior="none")
    assert changed["items"].data[0].price.id == plans[1].id
    clock.turn(by="32 days")
    assert [amounts(invoice) for invoice in shop.invoices(subscription)] == [[3100], [6200]]


def test_credit_is_what_was_paid_and_not_what_it_costs(shop, plans, client, clock):
    """A half-price month credits half of its price, whatever the discount says later."""
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    subscription = shop.subscribe(shop.customer(), plans[0], discounts=[{"coupon": coupon.id}])
    assert subscription.latest_invoice.total == 1550
    clock.turn(by="10 days")
    changed = shop.change(subscription, plans[1], proration_behavior="always_invoice")
    assert amounts(changed.latest_invoice) == [-1050, 4200]


def test_a_downgrade_becomes_credit(shop, plans, client):
    customer = shop.customer()
    subscription = shop.subscribe(customer, plans[1])
    changed = shop.change(subscription, plans[0], proration_behavior="always_invoice")
    assert (changed.latest_invoice.total, changed.latest_invoice.status) == (-3100, "paid")
    assert client.v1.customers.retrieve(customer.id).balance == -3100


def test_monthly_to_yearly_with_a_new_anchor_bills_a_whole_year(shop, plans, clock):
    yearly = shop.price(31000, "year", product=plans[0].product)
    subscription = shop.subscribe(shop.customer(), plans[0])
    now = clock.turn(by="10 days")
    more = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "always_invoice"}
    changed = shop.change(subscription, yearly, **more)
    assert amounts(changed.latest_invoice) == [-2100, 31000]
    item = changed["items"].data[0]
    assert now <= item.current_period_start == changed.billing_cycle_anchor <= now + 60
    assert item.current_period_end - item.current_period_start == 365 * DAY


def test_the_anchor_stays_when_nobody_moves_it(shop, plans, clock):
    yearly = shop.price(36500, "year", product=plans[0].product)
    subscription = shop.subscribe(shop.customer(), plans[0])
    clock.turn(by="10 days")
    changed = shop.change(subscription, yearly, proration_behavior="always_invoice")
    assert changed.billing_cycle_anchor == subscription.billing_cycle_anchor
    assert amounts(changed.latest_invoice) == [-2100, 35500]
    assert changed["items"].data[0].current_period_end == subscription.billing_cycle_anchor + 365 * DAY


def test_quantities_and_further_items_are_prorated_too(shop, plans, clock):
    other = shop.price(310, name="Seat")
    subscription = shop.subscribe(shop.customer(), plans[0])
    clock.turn(by="10 days")
    items = [{"id": subscription["items"].data[0].id, "quantity": 2}, {"price": other.id}]
    params = {"items": items, "proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    changed = shop.v1.subscriptions.update(subscription.id, params)
    assert amounts(changed.latest_invoice) == [-2100, 4200, 210]
    gone = [{"id": changed["items"].data[1].id, "deleted": True}]
    params = {"items": gone, "proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    assert amounts(shop.v1.subscriptions.update(subscription.id, params).latest_invoice) == [-210]


def test_a_change_in_a_trial_is_free(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0], trial_period_days=14)
    changed = shop.change(subscription, plans[1], proration_behavior="always_invoice")
    assert changed.latest_invoice.id == subscription.latest_invoice.id
    clock.turn(by="15 days")
    assert amounts(shop.invoices(subscription)[-1]) == [6200]


def test_a_trial_can_be_ended_and_prolonged(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0], trial_period_days=14)
    later = subscription.trial_end + 7 * DAY
    assert shop.v1.subscriptions.update(subscription.id, {"trial_end": later}).trial_end == later
    ended = shop.v1.subscriptions.update(subscription.id, {"trial_end": "now", "expand": ["latest_invoice"]})
    assert (ended.status, ended.latest_invoice.total, ended.latest_invoice.status) == ("active", 3100, "paid")


def test_the_preview_equals_the_invoice_over_random_changes(shop, client, clock):
    """To the cent, with discounts, tax and changes on top of changes."""
    dice = random.Random(7)
    prices = [shop.price(amount) for amount in (999, 2900, 9900, 33333)]
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 15, "duration": "forever"})
    more = {"default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}]}
    subscription = shop.subscribe(shop.customer(), prices[0], **more)
    for _ in range(25):
        now = clock.turn(by=str(dice.randrange(1, 9 * DAY)))
        current = shop.reload(subscription)
        item = current["items"].data[0]
        items = [{"id": item.id, "price": dice.choice(prices).id, "quantity": dice.randrange(1, 5)}]
        if now <= item.current_period_start:
            continue
        change = {"items": items, "proration_behavior": "always_invoice", "proration_date": now}
        shown = client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
        changed = client.v1.subscriptions.update(subscription.id, {**change, "expand": ["latest_invoice"]})
        if changed.latest_invoice.id != current.latest_invoice.id:
            assert (shown.total, amounts(shown)) == (changed.latest_invoice.total, amounts(changed.latest_invoice))


def test_the_next_invoice_can_be_previewed(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    shown = shop.v1.invoices.create_preview({"subscription": subscription.id})
    clock.turn(by="1 month")
    renewal = shop.invoices(subscription)[-1]
    assert (shown.total, shown.period_end, shown.lines.data[0].period.to_dict()) == (
        renewal.total,
        renewal.period_end,
        renewal.lines.data[0].period.to_dict(),
    )


def test_a_new_subscription_can_be_previewed_by_a_stranger(shop, plans, client):
    coupon = client.v1.coupons.create({"amount_off": 1000, "currency": "usd", "duration": "once"})
    items = [{"price": plans[0].id, "quantity": 2}]
    shown = client.v1.invoices.create_preview(
        {"subscription_details": {"items": items}, "discounts": [{"coupon": coupon.id}]}
    )
    assert (shown.subtotal, shown.total, shown.amount_due) == (6200, 5200, 5200)
    trial = {"items": items, "trial_end": client.v1.products.list().data[0].created + 14 * DAY}
    assert client.v1.invoices.create_preview({"subscription_details": trial}).total == 0
    recurring = {"subscription_details": trial, "preview_mode": "recurring"}
    assert client.v1.invoices.create_preview(recurring).total == 6200


def test_a_cancellation_can_be_previewed(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    now = clock.turn(by="10 days")
    details = {"cancel_now": True, "proration_date": now}
    shown = shop.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert shown.total == -2100
    at_end = {"cancel_at_period_end": True}
    assert shop.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": at_end}).total == 0


def test_plain_fields_change_without_money(shop, plans, client, received):
    customer = shop.customer()
    subscription = shop.subscribe(customer, plans[0])
    other = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    received()
    changed = client.v1.subscriptions.update(
        subscription.id, {"default_payment_method": other.id, "metadata": {"a": "b"}, "description": "for Ada"}
    )
    assert (changed.default_payment_method, changed.metadata["a"]) == (other.id, "b")
    assert received() == ["customer.subscription.updated"]
    client.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}})
    assert received() == []
    cleared = client.v1.subscriptions.update(subscription.id, {"default_payment_method": ""})
    assert cleared.default_payment_method is None


def test_what_is_over_can_only_be_annotated(shop, plans, client):
    subscription = shop.subscribe(shop.customer(), plans[0])
    client.v1.subscriptions.cancel(subscription.id)
    assert client.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})


def test_a_change_until_a_later_anchor_asks_for_that_time_only(shop, plans, clock):
    anchor = clock.now() + 20 * DAY
    subscription = shop.subscribe(shop.customer(), plans[0], billing_cycle_anchor=anchor)
    clock.turn(by="10 days")
    changed = shop.change(subscription, plans[1], proration_behavior="always_invoice")
    assert amounts(changed.latest_invoice) == [-1000, 2000]
    assert changed["items"].data[0].current_period_end == anchor


def test_a_trial_in_the_middle_of_a_period_credits_the_rest(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    now = clock.turn(by="10 days")
    params = {"trial_end": now + 20 * DAY, "proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    trialing = shop.v1.subscriptions.update(subscription.id, params)
    assert (trialing.status, amounts(trialing.latest_invoice)) == ("trialing", [-2100])
    assert trialing.billing_cycle_anchor == trialing.trial_end == now + 20 * DAY
    clock.turn(to=now + 20 * DAY)
    assert amounts(shop.reload(subscription).latest_invoice) == [3100]


def test_added_invoice_items_wait_for_the_next_invoice(shop, plans, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    setup = shop.v1.prices.create({"product": plans[0].product, "currency": "usd", "unit_amount": 500})
    params = {"add_invoice_items": [{"price": setup.id}], "proration_behavior": "always_invoice"}
    shop.v1.subscriptions.update(subscription.id, params)
    assert len(shop.invoices(subscription)) == 1
    changed = shop.change(subscription, plans[1], proration_behavior="always_invoice")
    assert amounts(changed.latest_invoice) == [500, -3100, 6200]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"proration_date": 1}, "proration_date"),
        ({"trial_end": 1}, "trial_end"),
        ({"trial_end": 2_000_000_000}, "trial_end"),
        ({"trial_end": "now", "trial_from_plan": True}, "trial_end"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"cancel_at": 1}, "cancel_at"),
        ({"billing_thresholds": {"amount_gte": 1}}, "billing_thresholds"),
        ({"items": [{"id": "si_none"}]}, "items[0][id]"),
    ],
)
def test_what_cannot_be_changed_is_refused_by_name(shop, plans, params, param):
    subscription = shop.subscribe(shop.customer(), plans[0])
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.v1.subscriptions.update(subscription.id, params)
    assert error.value.param == param


@pytest.mark.parametrize(("quantity", "named"), [(3, "3 × Pro"), (1, "Pro")])
def test_prorations_name_the_quantity(shop, clock, quantity, named):
    items = [{"price": shop.price(name="Pro").id, "quantity": quantity}]
    subscription = shop.subscribe(shop.customer(), items=items)
    clock.turn(by="11 days")
    wish = {"items": [{"id": subscription["items"].data[0].id, "quantity": quantity + 1}]}
    shop.v1.subscriptions.update(subscription.id, wish)
    texts = [one.description for one in shop.v1.invoice_items.list({"pending": True}).data[::-1]]
    assert texts == [
        f"Unused time on {named} after 12 Jan 2027",
        f"Remaining time on {quantity + 1} × Pro after 12 Jan 2027",
    ]
