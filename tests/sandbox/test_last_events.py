"""What an object's last event shows is what a request for it answers."""

import pytest

from tests.sandbox.shop import ALWAYS_ASKS, DECLINED, NO_CHARGE, secret_of

SILENT = {
    "customer": ("currency", "next_invoice_sequence"),
    "payment_intent": ("amount", "description", "payment_method"),
}
"""Fields that change without an event: of a customer with their invoices, of an intent (which has no updates) by request."""

SHOWN = {
    "subscription": "subscriptions",
    "invoice": "invoices",
    "customer": "customers",
    "payment_intent": "payment_intents",
    "charge": "charges",
    "payment_method": "payment_methods",
    "subscription_schedule": "subscription_schedules",
}


@pytest.fixture
def check(client):
    """Compare the last event of each object with the object as it is."""

    def compare():
        last = {}
        for event in client.v1.events.list({"limit": 100}).auto_paging_iter():
            shown = event.data.object.to_dict()
            if shown["object"] in SHOWN and event.type != "invoice.upcoming":
                last.setdefault(shown["id"], shown)
        for id, shown in last.items():
            if shown.get("status") == "canceled" or shown.get("deleted"):
                continue
            now = getattr(client.v1, SHOWN[shown["object"]]).retrieve(id).to_dict()
            for name in SILENT.get(shown["object"], ()):
                shown[name] = now[name]
            assert shown == now

    return compare


def tell(client, subscription):
    """The latest customer.subscription.updated."""
    found = client.v1.events.list({"type": "customer.subscription.updated"}).data
    return next(event for event in found if event.data.object.id == subscription.id)


@pytest.mark.parametrize(
    "wish",
    [
        {"items": "changed", "proration_behavior": "always_invoice"},
        {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "create_prorations"},
        {"items": "changed", "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"},
        {"cancel_at": "soon", "proration_behavior": "always_invoice"},
    ],
)
def test_a_change_that_is_billed_at_once_tells_of_its_invoice(client, shop, clock, check, wish):
    subscription = shop.subscribe(shop.customer(), shop.price())
    now = clock.turn(by="10 days")
    if wish.get("items"):
        wish = {**wish, "items": [{"id": subscription["items"].data[0].id, "price": shop.price(19900).id}]}
    if wish.get("cancel_at"):
        wish = {**wish, "cancel_at": now + 5 * 86400}
    changed = client.v1.subscriptions.update(subscription.id, wish)
    assert changed.latest_invoice != subscription.latest_invoice.id
    told = client.v1.events.list({"type": "customer.subscription.updated"}).data
    (event,) = [one for one in told if "latest_invoice" in one.data.previous_attributes]
    assert event.data.object.latest_invoice == changed.latest_invoice
    assert event.data.previous_attributes.latest_invoice == subscription.latest_invoice.id
    check()


def test_the_end_of_a_trial_by_request(client, shop, check):
    subscription = shop.subscribe(shop.customer(), shop.price(), trial_period_days=7)
    changed = client.v1.subscriptions.update(subscription.id, {"trial_end": "now"})
    assert tell(client, changed).data.object.latest_invoice == changed.latest_invoice
    check()


@pytest.mark.parametrize("card", [NO_CHARGE, ALWAYS_ASKS])
def test_an_update_that_waits_for_its_payment(client, shop, visitor, check, card):
    ada = shop.customer()
    subscription = shop.subscribe(ada, shop.price())
    method = visitor.card(card).json()["id"]
    wish = {"items": [{"id": subscription["items"].data[0].id, "price": shop.price(19900).id}]}
    wish |= {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    client.v1.payment_methods.attach(method, {"customer": ada.id})
    client.v1.subscriptions.update(subscription.id, {"default_payment_method": method})
    changed = client.v1.subscriptions.update(subscription.id, wish)
    assert changed.pending_update
    check()


def test_a_pause_and_the_way_back(client, shop, clock, check):
    subscription = shop.subscribe(shop.customer(), shop.price())
    clock.turn(by="10 days")
    client.v1.subscriptions.pause(subscription.id, {"type": "subscription", "invoicing_behavior": "invoice"})
    check()
    client.v1.subscriptions.resume(subscription.id)
    check()


def test_a_first_payment_renewals_and_a_cancellation(client, shop, clock, visitor, check):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    visitor.confirm(secret_of(subscription), DECLINED)
    check()
    visitor.confirm(secret_of(subscription))
    check()
    clock.turn(by="32 days")
    check()
    client.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    check()


def test_what_a_schedule_changes(client, shop, clock, check):
    subscription = shop.subscribe(shop.customer(), shop.price())
    now = clock.turn(by="10 days")
    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    first = schedule.phases[0]
    here = {"items": [{"price": first["items"][0].price, "quantity": 1}], "start_date": first.start_date}
    phases = [
        {**here, "end_date": now + 86400},
        {"items": [{"price": shop.price(19900).id, "quantity": 1}], "proration_behavior": "always_invoice"},
    ]
    client.v1.subscription_schedules.update(schedule.id, {"phases": phases})
    check()
    clock.turn(by="2 days")
    check()
