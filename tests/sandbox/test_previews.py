"""What a preview shows is what then happens."""

import pytest
import stripe

from tests.sandbox.shop import amounts
from tests.sandbox.world import Changes, Object, World, seen

DAY, HOUR = 86400, 3600
CHANGES = 75
MEANWHILE = ("starting_balance", "amount_due")
"""What other invoices may change until a renewal."""


def live(changes: Changes, count: int) -> int:
    """Make so many random changes and compare each with its preview; answers how many invoices were compared."""
    compared, id = 0, changes.subscribe()
    for _ in range(count):
        changes.world.turn(changes.world.now() + changes.dice.randint(0, 9 * DAY))
        changes.use()
        subscription = changes.world.get(f"subscriptions/{id}")
        if subscription["status"] == "active":
            compared += compare(changes.world, subscription, changes.draw(subscription))
        else:
            id = changes.subscribe()
    return compared


def compare(world: World, subscription: Object, wish: Object) -> bool:
    """Preview a change, make it, wait for its invoice if it does not come at once; False when there is none to compare."""
    details = {name: value for name, value in wish.items() if name != "discounts"}
    outside = {name: wish[name] for name in wish if name == "discounts"}
    asked = {"subscription": subscription["id"], "subscription_details": details, **outside}
    shown = world.post("invoices/create_preview", **asked)
    changed = world.post(f"subscriptions/{subscription['id']}", **wish)
    assert ("error" in shown) == ("error" in changed), (wish, shown.get("error"), changed.get("error"))
    if "error" in changed:
        return False
    foretold = seen(shown)
    if changed["latest_invoice"] == subscription["latest_invoice"]:
        ends = [item["current_period_end"] for item in changed["items"]["data"]]
        world.turn(min([*ends, changed["cancel_at"] or ends[0]]) + HOUR)
        foretold |= dict.fromkeys(MEANWHILE)
    invoice = following(world, subscription)
    if invoice is None:
        assert foretold["lines"] == [], wish
        return False
    assert foretold == seen(invoice) | {name: None for name in MEANWHILE if foretold[name] is None}, wish
    return True


def following(world: World, subscription: Object) -> Object | None:
    """The invoice after the one that was the subscription's latest; a date in the past may have led to several."""
    made = [one["id"] for one in world.box.store.of("invoice", "_subscription", subscription["id"])]
    later = made[made.index(subscription["latest_invoice"]) + 1 :]
    return world.get(f"invoices/{later[0]}") if later else None


@pytest.mark.parametrize("seed", range(14))
def test_the_preview_equals_the_invoice_line_by_line(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert live(Changes(World(monkeypatch), seed), CHANGES) > CHANGES / 2


@pytest.fixture
def plans(shop):
    product = shop.v1.products.create({"name": "Plan"}).id
    return [shop.price(amount, product=product) for amount in (3100, 6200)]


def test_a_customer_alone_previews_their_next_renewal(shop, plans, client):
    customer = shop.customer()
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoices.create_preview({"customer": customer.id})
    assert error.value.code == "invoice_upcoming_none"
    shop.subscribe(customer, plans[0])
    shop.subscribe(customer, shop.price(700, "week"))
    assert amounts(client.v1.invoices.create_preview({"customer": customer.id})) == [700]


def test_a_change_that_costs_nothing_now_previews_the_renewal(shop, plans, client):
    subscription = shop.subscribe(shop.customer(), plans[0], trial_period_days=9)
    items = [{"id": subscription["items"].data[0].id, "price": plans[1].id}]
    details = {"items": items, "proration_behavior": "always_invoice"}
    shown = client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert amounts(shown) == [6200]


def test_recurring_shows_a_renewal_without_what_is_pending(shop, plans, client, clock):
    subscription = shop.subscribe(shop.customer(), plans[0])
    clock.turn(by="10 days")
    shop.change(subscription, plans[1])
    for mode, shown in (("next", [-2100, 4200, 6200]), ("recurring", [6200])):
        params = {"subscription": subscription.id, "preview_mode": mode}
        assert amounts(client.v1.invoices.create_preview(params)) == shown


@pytest.mark.parametrize(
    ("details", "param"),
    [
        (
            {"billing_cycle_anchor": {"type": "timestamp", "timestamp": 5}},
            "subscription_details[billing_cycle_anchor][type]",
        ),
        ({"billing_mode": {"type": "classic"}}, "subscription_details[billing_mode][type]"),
        ({"proration_date": 5}, "proration_date"),
        ({"start_date": 5}, "start_date"),
    ],
)
def test_what_an_existing_subscription_cannot_preview_is_refused(shop, plans, client, details, param):
    subscription = shop.subscribe(shop.customer(), plans[0])
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert error.value.param == param


def test_the_anchor_cannot_move_into_a_trial(shop, plans, client):
    subscription = shop.subscribe(shop.customer(), plans[0], trial_period_days=9)
    now = {"billing_cycle_anchor": {"type": "now"}}
    for ask in (
        lambda: client.v1.subscriptions.update(subscription.id, now),
        lambda: client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": now}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            ask()
        assert error.value.code == "subscription_update_trial_after_billing_cycle_anchor"
