"""Starting a subscription, with all the ways its first payment can go."""

from datetime import UTC, datetime

import pytest
import stripe

from tests.sandbox.shop import ASKS_UNTIL_SET_UP, DECLINED, NO_CHARGE, POOR, VISA, amounts, secret_of

DAY = 86400


def test_a_default_incomplete_subscription_waits_for_the_browser(shop, visitor, received):
    customer = shop.customer(card=None)
    subscription = shop.subscribe(
        customer,
        shop.price(),
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
    )
    assert (subscription.status, subscription.latest_invoice.status) == ("incomplete", "open")
    assert subscription.billing_mode.type == "flexible"
    assert received()[-4:] == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
    ]
    assert visitor.confirm(secret_of(subscription)).json()["status"] == "succeeded"
    paid = shop.reload(subscription)
    assert (paid.status, paid.latest_invoice.status, paid.latest_invoice.amount_paid) == ("active", "paid", 9900)
    assert paid.default_payment_method.startswith("pm_")
    assert shop.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    assert received() == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_method.attached",
        "invoice.updated",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]


def test_a_declined_card_leaves_the_same_secret_usable(shop, visitor, received):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    received()
    refused = visitor.confirm(secret_of(subscription), POOR)
    error = refused.json()["error"]
    assert refused.status_code == 402
    assert (error["type"], error["code"], error["decline_code"]) == (
        "card_error",
        "card_declined",
        "insufficient_funds",
    )
    assert error["payment_intent"]["status"] == "requires_payment_method"
    assert "customer" not in error["payment_intent"]
    assert received() == ["payment_intent.payment_failed", "charge.failed", "invoice.updated", "invoice.payment_failed"]
    assert shop.reload(subscription).status == "incomplete"
    assert visitor.confirm(secret_of(subscription), VISA).json()["status"] == "succeeded"
    assert shop.reload(subscription).status == "active"


def test_three_d_secure_that_is_passed_pays(shop, visitor):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    secret = secret_of(subscription)
    action = visitor.confirm(secret, ASKS_UNTIL_SET_UP).json()
    assert action["status"] == "requires_action"
    assert action["next_action"]["use_stripe_sdk"]["type"] == "three_d_secure_redirect"
    assert f"/hosted/3ds/{action['id']}?client_secret=" in action["next_action"]["use_stripe_sdk"]["stripe_js"]
    assert shop.reload(subscription).status == "incomplete"
    assert visitor.authenticate(secret).json()["intent"]["status"] == "succeeded"
    assert shop.reload(subscription).status == "active"


def test_three_d_secure_that_fails_can_be_tried_again(shop, visitor):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    secret = secret_of(subscription)
    visitor.confirm(secret, ASKS_UNTIL_SET_UP)
    failed = visitor.authenticate(secret, "fail").json()["intent"]
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert visitor.confirm(secret, VISA).json()["status"] == "succeeded"


def test_a_full_page_redirect_is_offered_without_the_sdk(shop, visitor):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    secret = secret_of(subscription)
    fields = {"return_url": "http://portal.test/return?x=1", "use_stripe_sdk": "false"}
    action = visitor.confirm(secret, ASKS_UNTIL_SET_UP, **fields).json()["next_action"]
    assert action["type"] == "redirect_to_url"
    assert action["redirect_to_url"]["return_url"] == "http://portal.test/return?x=1"
    assert visitor.authenticate(secret).json()["return_url"] == "http://portal.test/return?x=1"


def test_a_wrong_client_secret_opens_nothing(shop, visitor):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    id = secret_of(subscription).split("_secret")[0]
    assert visitor.get(f"/v1/payment_intents/{id}", client_secret="pi_wrong").status_code == 400
    shown = visitor.get(f"/v1/payment_intents/{id}", client_secret=secret_of(subscription)).json()
    assert shown["amount"] == 9900
    assert {"customer", "metadata"}.isdisjoint(shown)


def test_the_default_card_is_charged_at_once(shop):
    subscription = shop.subscribe(shop.customer(), shop.price())
    assert (subscription.status, subscription.latest_invoice.status) == ("active", "paid")
    assert subscription.pending_setup_intent is None


def test_without_any_card_a_charge_cannot_be_tried(shop):
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        shop.subscribe(shop.customer(card=None), shop.price())
    assert shop.v1.subscriptions.list({"status": "all"}).data == []


def test_allow_incomplete_keeps_the_subscription_of_a_declined_card(shop):
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"), shop.price())
    assert (subscription.status, subscription.latest_invoice.status) == ("incomplete", "open")
    assert subscription.latest_invoice.attempt_count == 1


def test_a_trial_asks_for_a_card_to_be_saved(shop, visitor, received):
    subscription = shop.subscribe(
        shop.customer(card=None), shop.price(), payment_behavior="default_incomplete", trial_period_days=14
    )
    assert subscription.status == "trialing"
    assert (subscription.latest_invoice.status, subscription.latest_invoice.total) == ("paid", 0)
    assert subscription.trial_end == subscription.trial_start + 14 * DAY == subscription.billing_cycle_anchor
    assert received()[-7:] == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "setup_intent.created",
    ]
    secret = subscription.pending_setup_intent.client_secret
    assert visitor.confirm(secret).json()["status"] == "succeeded"
    saved = shop.reload(subscription)
    assert saved.pending_setup_intent is None
    assert saved.default_payment_method.startswith("pm_")


def test_a_trial_with_a_default_card_asks_for_nothing(shop):
    subscription = shop.subscribe(shop.customer(), shop.price(), trial_period_days=14)
    assert (subscription.status, subscription.pending_setup_intent) == ("trialing", None)


def test_a_usage_only_subscription_has_no_first_invoice(shop):
    meter = shop.v1.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    price = shop.price(unit_amount_decimal="0.04", recurring={"usage_type": "metered", "meter": meter.id})
    subscription = shop.subscribe(shop.customer(), price)
    assert (subscription.status, subscription.latest_invoice) == ("active", None)
    assert "quantity" not in subscription["items"].data[0] or subscription["items"].data[0].quantity is None


def test_a_chosen_anchor_shortens_the_first_period(shop, clock):
    anchor = clock.now() + 10 * DAY
    subscription = shop.subscribe(shop.customer(), shop.price(3100), billing_cycle_anchor=anchor)
    assert subscription["items"].data[0].current_period_end == anchor
    assert subscription.latest_invoice.total == 1000  # 10 of December's 31 days


def test_an_incomplete_subscription_expires_after_23_hours(shop, clock, received):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    received()
    clock.turn(by="1 day")
    expired = shop.reload(subscription)
    assert (expired.status, expired.latest_invoice.status) == ("incomplete_expired", "void")
    assert expired.ended_at == expired.created + 23 * 3600
    assert received() == [
        "invoice.updated",
        "payment_intent.canceled",
        "invoice.voided",
        "customer.subscription.updated",
    ]


def test_canceling_an_incomplete_subscription_voids_its_invoice(shop):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    shop.v1.subscriptions.cancel(subscription.id)
    canceled = shop.reload(subscription)
    assert (canceled.status, canceled.latest_invoice.status) == ("canceled", "void")


def test_error_if_incomplete_leaves_nothing_behind(shop, received):
    customer = shop.customer("pm_card_chargeCustomerFail")
    price = shop.price()
    received()
    with pytest.raises(stripe.CardError):
        shop.subscribe(customer, price, payment_behavior="error_if_incomplete")
    assert shop.v1.subscriptions.list({"status": "all"}).data == []
    assert received() == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"day_of_month": 15}, (2027, 1, 15)),
        ({"day_of_month": 1, "hour": 0, "minute": 0, "second": 0}, (2027, 2, 1)),
        ({"day_of_month": 29, "month": 2}, (2028, 2, 29)),
    ],
)
def test_an_anchor_can_be_the_next_such_day(shop, clock, config, expected):
    subscription = shop.subscribe(shop.customer(), shop.price(3100), billing_cycle_anchor_config=config)
    anchor = datetime.fromtimestamp(subscription.billing_cycle_anchor, UTC)
    assert (anchor.year, anchor.month, anchor.day) == expected
    assert subscription.billing_cycle_anchor_config.day_of_month == config["day_of_month"]
    assert subscription["items"].data[0].current_period_end <= subscription.billing_cycle_anchor


def test_a_last_day_of_the_month_stays_the_last_day(shop, clock):
    clock.turn(to=int(datetime(2027, 2, 10, tzinfo=UTC).timestamp()))
    config = {"day_of_month": 31, "hour": 0, "minute": 0, "second": 0}
    subscription = shop.subscribe(shop.customer(), shop.price(), billing_cycle_anchor_config=config)
    for month, day in ((2, 28), (3, 31), (4, 30)):
        end = shop.reload(subscription)["items"].data[0].current_period_end
        assert end == int(datetime(2027, month, day, tzinfo=UTC).timestamp())
        clock.turn(to=end)


def test_the_time_until_the_anchor_can_be_free(shop, clock):
    anchor = clock.now() + 10 * DAY
    subscription = shop.subscribe(
        shop.customer(), shop.price(3100), billing_cycle_anchor=anchor, proration_behavior="none"
    )
    assert (subscription.status, subscription.latest_invoice.total) == ("active", 0)
    clock.turn(to=anchor)
    assert shop.reload(subscription).latest_invoice.total == 3100


def test_one_off_items_are_on_the_first_invoice(shop):
    product = shop.v1.products.create({"name": "Setup"}).id
    setup = shop.v1.prices.create({"product": product, "currency": "usd", "unit_amount": 500})
    added = [
        {"price": setup.id, "quantity": 2},
        {"price_data": {"product": product, "currency": "usd", "unit_amount": 70}},
    ]
    subscription = shop.subscribe(shop.customer(), shop.price(3100), add_invoice_items=added)
    assert amounts(subscription.latest_invoice) == [1000, 70, 3100]
    period = subscription.latest_invoice.lines.data[0].period
    item = subscription["items"].data[0]
    assert (period.start, period.end) == (item.current_period_start, item.current_period_end)


def test_an_end_within_the_first_period_shortens_it(shop, clock):
    end = clock.now() + 10 * DAY
    subscription = shop.subscribe(shop.customer(), shop.price(3100), cancel_at=end)
    assert (subscription.latest_invoice.total, subscription.cancel_at) == (1000, end)
    clock.turn(to=end)
    assert shop.reload(subscription).status == "canceled"


@pytest.mark.parametrize("named", ["min_period_end", "max_period_end", "max_billed_until"])
def test_an_end_can_be_named(shop, named):
    week, month = shop.price(700, "week"), shop.price(3100)
    subscription = shop.subscribe(shop.customer(), week, month, cancel_at=named)
    ends = [item.current_period_end for item in subscription["items"].data]
    assert subscription.cancel_at == (min(ends) if named == "min_period_end" else max(ends))


def test_the_trial_of_a_price_is_taken_on_request(shop):
    price = shop.price(recurring={"trial_period_days": 7})
    assert shop.subscribe(shop.customer(), price).trial_end is None
    trialing = shop.subscribe(shop.customer(), price, trial_from_plan=True)
    assert trialing.trial_end == trialing.trial_start + 7 * DAY


def test_an_anchor_that_stays_shortens_the_period_after_the_trial(shop, clock):
    settings = {"end_behavior": {"missing_payment_method": "create_invoice", "billing_cycle_anchor": "unchanged"}}
    subscription = shop.subscribe(shop.customer(), shop.price(3100), trial_period_days=10, trial_settings=settings)
    assert subscription.billing_cycle_anchor == subscription.start_date
    clock.turn(to=subscription.trial_end)
    ended = shop.reload(subscription)
    assert ended.latest_invoice.total == 2100
    assert ended["items"].data[0].current_period_end == subscription.start_date + 31 * DAY


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"payment_behavior": "pending_if_incomplete"}, "payment_behavior"),
        ({"billing_cycle_anchor": 1}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": 2_000_000_000}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": 1, "billing_cycle_anchor_config": {"day_of_month": 1}}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor_config": {"day_of_month": 32}}, "billing_cycle_anchor_config[day_of_month]"),
        (
            {"billing_cycle_anchor_config": {"day_of_month": 31, "month": 2}},
            "billing_cycle_anchor_config[day_of_month]",
        ),
        ({"backdate_start_date": 1}, "backdate_start_date"),
        ({"cancel_at": 1}, "cancel_at"),
        ({"cancel_at": 2_000_000_000, "cancel_at_period_end": True}, "cancel_at"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"trial_period_days": 731}, "trial_period_days"),
        ({"add_invoice_items": [{"price": "price_none"}]}, "add_invoice_items[0][price]"),
        ({"trial_end": 1, "trial_period_days": 1}, "trial_end"),
        ({"trial_end": 1}, "trial_end"),
        ({"default_payment_method": "pm_none"}, "default_payment_method"),
        ({"billing_thresholds": {"amount_gte": 1}}, "billing_thresholds"),
    ],
)
def test_what_cannot_be_started_is_refused_by_name(shop, params, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.subscribe(shop.customer(), shop.price(), **params)
    assert error.value.param == param


def test_items_must_fit_together(shop):
    price, customer = shop.price(), shop.customer()
    euros = shop.v1.prices.create(
        {"product": price.product, "currency": "eur", "unit_amount": 1, "recurring": {"interval": "month"}}
    )
    for prices in ([price, price], [price, euros]):
        with pytest.raises(stripe.InvalidRequestError):
            shop.subscribe(customer, *prices)


def test_quantities_multiply_and_the_invoice_is_numbered(shop):
    subscription = shop.subscribe(shop.customer(), items=[{"price": shop.price().id, "quantity": 3}])
    invoice = subscription.latest_invoice
    assert amounts(invoice) == [29700]
    assert invoice.lines.data[0].description == "3 × Growth (at $99.00 / month)"
    assert invoice.number.endswith("-0001")
    assert len(invoice.number) == len("ABCD1234-0001")
    assert invoice.hosted_invoice_url.startswith("https://")


def test_a_cheap_invoice_goes_to_the_balance(shop):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(30))
    assert (subscription.status, subscription.latest_invoice.amount_due) == ("active", 0)
    assert shop.v1.customers.retrieve(customer.id).balance == 30


def test_credit_is_used_before_the_card(shop):
    customer = shop.customer(balance=-4000)
    invoice = shop.subscribe(customer, shop.price()).latest_invoice
    assert (invoice.total, invoice.amount_due, invoice.starting_balance, invoice.ending_balance) == (
        9900,
        5900,
        -4000,
        0,
    )


def test_lists_leave_out_what_is_over_unless_asked(shop):
    customer = shop.customer()
    gone, here = shop.subscribe(customer, shop.price()), shop.subscribe(customer, shop.price())
    shop.v1.subscriptions.cancel(gone.id)
    for status, found in (
        (None, {here.id}),
        ("all", {gone.id, here.id}),
        ("canceled", {gone.id}),
        ("ended", {gone.id}),
    ):
        params = {"customer": customer.id} | ({"status": status} if status else {})
        assert {one.id for one in shop.v1.subscriptions.list(params).data} == found


def test_the_payment_is_found_from_both_ends(shop):
    subscription = shop.subscribe(shop.customer(), shop.price())
    (payment,) = shop.v1.invoice_payments.list({"invoice": subscription.latest_invoice.id}).data
    wanted = {"type": "payment_intent", "payment_intent": payment.payment.payment_intent}
    (back,) = shop.v1.invoice_payments.list({"payment": wanted}).data
    assert (back.invoice, back.status, back.amount_paid) == (subscription.latest_invoice.id, "paid", 9900)
    assert shop.v1.charges.list({"payment_intent": payment.payment.payment_intent}).data[0].paid


@pytest.mark.parametrize("number", [DECLINED, NO_CHARGE])
def test_a_card_that_cannot_be_charged_never_activates(shop, visitor, number):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    assert visitor.confirm(secret_of(subscription), number).status_code == 402
    assert shop.reload(subscription).status == "incomplete"
