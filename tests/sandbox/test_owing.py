"""Who is behind with their invoices, and how invoices that are sent are paid."""

import pytest

from tests.sandbox.shop import ALWAYS_ASKS, DECLINED, NO_CHARGE, VISA


@pytest.fixture
def owing(client):
    """Whether a customer is delinquent; the last event must say the same."""

    def look(customer):
        told = client.v1.events.list({"type": "customer.updated"}).data
        now = client.v1.customers.retrieve(customer.id).delinquent
        assert told[0].data.object.delinquent == now
        return now

    return look


@pytest.fixture
def behind(client, shop, clock, visitor):
    """A subscription whose renewal failed, and its customer."""
    ada = shop.customer()
    method = visitor.card(NO_CHARGE).json()["id"]
    client.v1.payment_methods.attach(method, {"customer": ada.id})
    subscription = shop.subscribe(ada, shop.price(), trial_period_days=7, default_payment_method=method)
    clock.turn(to=subscription.trial_end + 7200)
    return shop.reload(subscription), ada


def sent(shop, **more):
    return shop.subscribe(shop.customer(), shop.price(), collection_method="send_invoice", days_until_due=5, **more)


def types(client):
    return [event.type for event in client.v1.events.list({"limit": 100}).data[::-1]]


@pytest.mark.parametrize("deed", ["pay", "mark_uncollectible", "void_invoice"])
def test_whose_renewal_failed_is_delinquent_until_it_is_settled(client, behind, owing, deed):
    subscription, ada = behind
    assert owing(ada) is True
    params = [{"payment_method": "pm_card_visa"}] if deed == "pay" else []
    getattr(client.v1.invoices, deed)(subscription.latest_invoice.id, *params)
    assert owing(ada) is False
    told = client.v1.events.list({"type": "customer.updated"}).data[0]
    assert told.data.previous_attributes.to_dict() == {"delinquent": True}


def test_a_first_payment_that_fails_makes_nobody_delinquent(client, shop):
    ada = shop.customer("pm_card_chargeCustomerFail")
    assert shop.subscribe(ada, shop.price()).status == "incomplete"
    assert client.v1.customers.retrieve(ada.id).delinquent is False


def test_money_that_came_elsewhere_is_no_payment_that_succeeded(client, behind):
    subscription, _ = behind
    before = types(client)
    paid = client.v1.invoices.pay(subscription.latest_invoice.id, {"paid_out_of_band": True})
    told = types(client)[len(before) :]
    assert paid.amount_paid_off_stripe == 9900
    assert "invoice.paid" in told
    assert "invoice.payment_succeeded" not in told


def test_a_sent_invoice_can_be_paid_in_a_browser(client, shop, clock, visitor):
    subscription = sent(shop)
    clock.turn(by="2 hours")
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice.id, {"expand": ["confirmation_secret"]})
    secret = invoice.confirmation_secret.client_secret
    intent = client.v1.payment_intents.retrieve(secret.split("_secret")[0])
    assert (intent.status, intent.amount, intent.payment_method) == ("requires_payment_method", 9900, None)
    visitor.confirm(secret, DECLINED)
    tried = shop.reload(subscription)
    assert (tried.status, tried.latest_invoice.next_payment_attempt) == ("active", None)
    visitor.confirm(secret, VISA)
    assert shop.reload(subscription).latest_invoice.status == "paid"


def test_an_overdue_invoice_makes_a_subscription_past_due(client, shop, clock):
    subscription = sent(shop)
    clock.turn(by="2 hours")
    due = shop.reload(subscription).latest_invoice.due_date
    clock.turn(to=due - 1)
    assert shop.reload(subscription).status == "active"
    clock.turn(to=due)
    late = shop.reload(subscription)
    assert late.status == "past_due"
    assert types(client)[-3:] == ["invoice.overdue", "customer.updated", "customer.subscription.updated"]
    client.v1.invoices.pay(late.latest_invoice.id, {"paid_out_of_band": True})
    assert shop.reload(subscription).status == "active"
    assert client.v1.customers.retrieve(subscription.customer).delinquent is False


def test_all_overdue_invoices_are_to_be_paid(client, shop, clock):
    subscription = sent(shop)
    clock.turn(by="70 days")
    first, second, third = shop.invoices(subscription)
    assert [one.status for one in (first, second, third)] == ["open", "open", "open"]
    client.v1.invoices.pay(first.id, {"paid_out_of_band": True})
    assert shop.reload(subscription).status == "past_due"
    client.v1.invoices.pay(second.id, {"paid_out_of_band": True})
    client.v1.invoices.pay(third.id, {"paid_out_of_band": True})
    assert shop.reload(subscription).status == "active"


def test_a_renewal_that_needs_its_customer_failed_as_well(client, shop, clock, visitor):
    ada = shop.customer()
    method = visitor.card(ALWAYS_ASKS).json()["id"]
    client.v1.payment_methods.attach(method, {"customer": ada.id})
    subscription = shop.subscribe(ada, shop.price(), trial_period_days=7, default_payment_method=method)
    clock.turn(to=subscription.trial_end + 7200)
    told = types(client)
    at = told.index("invoice.payment_failed")
    assert told[at + 1] == "invoice.payment_action_required"
    assert shop.reload(subscription).status == "past_due"
