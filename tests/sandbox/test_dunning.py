"""Automatic retries by the account's settings, and what follows the last one."""

import pytest
import requests
import stripe

from sandbox.billing import settings
from sandbox.billing.settings import DEFAULTS
from sandbox.core import Sandbox, Settings

DAY, HOUR = 86400, 3600


@pytest.fixture
def account(url):
    """Set how the account bills."""

    def change(**wish):
        return requests.post(f"{url}/_sandbox/billing", json=wish)

    return change


@pytest.fixture
def failing(shop, clock):
    """A subscription whose first renewal was just refused."""
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(1000))
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    clock.turn(to=subscription["items"].data[0].current_period_end + HOUR)
    return shop.reload(subscription)


def new_card(shop, customer):
    good = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    shop.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": good.id}})


def test_the_settings_can_be_read_changed_and_reset(account, box, url):
    assert requests.get(f"{url}/_sandbox/billing").json() == DEFAULTS
    assert account(retries=[1], after_retries="cancel").json() == DEFAULTS | {"retries": [1], "after_retries": "cancel"}
    assert account(upcoming_days=7).json()["retries"] == [1]
    box.reset()
    assert requests.get(f"{url}/_sandbox/billing").json() == DEFAULTS


def test_the_settings_survive_a_restart(tmp_path):
    for retries in ([3, 5, 7], [1]):
        box = Sandbox(Settings(data=str(tmp_path / "records.db")))
        assert settings.of(box)["retries"] == retries
        with box.transaction():
            settings.change(box, {"retries": [1]})
        box.close()


@pytest.mark.parametrize(
    "wish",
    [
        {"retries": "never"},
        {"retries": [0]},
        {"retries": [True]},
        {"retries": [1] * 9},
        {"after_retries": "shrug"},
        {"invoice_after_retries": "paid"},
        {"upcoming_days": 0},
        {"smart": True},
    ],
)
def test_nonsense_is_refused_by_name(account, wish):
    answer = account(**wish)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(next(iter(wish)))


def test_retries_come_when_the_account_says(account, failing, shop, clock):
    account(retries=[1, 2])
    clock.turn(by="3 days")
    assert shop.reload(failing).latest_invoice.attempt_count == 2
    assert shop.reload(failing).latest_invoice.next_payment_attempt == pytest.approx(clock.now() + 2 * DAY, abs=60)
    clock.turn(by="2 days")
    tried = shop.reload(failing)
    assert (tried.latest_invoice.attempt_count, tried.latest_invoice.next_payment_attempt) == (3, None)
    assert tried.status == "past_due"


def test_without_retries_the_first_failure_is_the_last(account, shop, clock):
    account(retries=[], after_retries="unpaid")
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"), shop.price(), trial_period_days=1)
    clock.turn(by="2 days")
    unpaid = shop.reload(subscription)
    assert (unpaid.status, unpaid.latest_invoice.attempt_count) == ("unpaid", 1)


@pytest.mark.parametrize(("left", "status"), [("open", "open"), ("uncollectible", "uncollectible")])
def test_the_last_retry_may_cancel(account, failing, shop, clock, received, left, status):
    account(retries=[1], after_retries="cancel", invoice_after_retries=left)
    received()
    clock.turn(by="3 days")
    gone = shop.reload(failing)
    assert (gone.status, gone.cancellation_details.reason) == ("canceled", "payment_failed")
    assert (gone.latest_invoice.status, gone.latest_invoice.auto_advance) == (status, False)
    assert "customer.subscription.deleted" in received()


def test_while_unpaid_later_invoices_stay_drafts(account, failing, shop, clock):
    account(retries=[1], after_retries="unpaid")
    clock.turn(by="3 days")
    assert shop.reload(failing).status == "unpaid"
    clock.turn(by="1 month")
    draft = shop.reload(failing).latest_invoice
    assert (draft.status, draft.auto_advance, draft.automatically_finalizes_at) == ("draft", False, None)
    new_card(shop, failing.customer)
    assert shop.v1.invoices.pay(draft.id).status == "paid"
    assert shop.reload(failing).status == "active"


def test_the_last_retry_may_pause(account, failing, shop, clock, received):
    account(retries=[1], after_retries="pause")
    received()
    clock.turn(by="3 days")
    paused = shop.reload(failing)
    assert paused.status == "paused"
    assert paused.status_details.paused.subscription.type == "final_payment_failure"
    assert paused.latest_invoice.status == "open"
    assert received()[-1] == "customer.subscription.paused"


def test_what_cannot_be_paused_is_canceled(account, failing, shop, clock):
    account(retries=[1], after_retries="pause")
    shop.v1.subscription_schedules.create({"from_subscription": failing.id})
    clock.turn(by="3 days")
    assert shop.reload(failing).status == "canceled"


def test_an_invoice_that_no_longer_advances_ends_nothing(account, failing, shop, clock):
    account(retries=[1], after_retries="cancel")
    stopped = shop.v1.invoices.update(failing.latest_invoice.id, {"auto_advance": False})
    assert stopped.next_payment_attempt is None
    clock.turn(by="20 days")
    assert (shop.reload(failing).status, shop.reload(failing).latest_invoice.attempt_count) == ("past_due", 1)


def test_after_a_hard_decline_only_another_card_is_charged(account, shop, clock, url, received):
    account(retries=[1, 1, 1])
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(1000))
    faults = requests.post(f"{url}/_sandbox/faults", json={"plan": [{"charge": "stolen_card", "count": 1}]})
    assert faults.ok
    clock.turn(to=subscription["items"].data[0].current_period_end + HOUR)
    received()
    clock.turn(by="1 day")
    assert received() == ["invoice.updated"]
    waiting = shop.reload(subscription).latest_invoice
    assert (waiting.attempt_count, len(shop.v1.charges.list({"customer": customer.id}).data)) == (2, 2)
    new_card(shop, customer.id)
    clock.turn(by="1 day")
    assert (shop.reload(subscription).status, shop.reload(subscription).latest_invoice.attempt_count) == ("active", 3)


def test_giving_up_the_latest_invoice_ends_the_arrears(failing, shop):
    assert failing.status == "past_due"
    shop.v1.invoices.mark_uncollectible(failing.latest_invoice.id)
    assert shop.reload(failing).status == "active"


def test_upcoming_invoices_are_announced_when_the_account_says(account, shop, clock, received):
    subscription = shop.subscribe(shop.customer(), shop.price())
    end = subscription["items"].data[0].current_period_end
    account(upcoming_days=7)
    received()
    clock.turn(to=end - 7 * DAY)
    assert received() == ["invoice.upcoming"]
    clock.turn(to=end - 1 * DAY)
    assert received() == []


def test_nothing_upcoming_is_announced_while_collection_is_paused(shop, clock, received):
    subscription = shop.subscribe(shop.customer(), shop.price())
    shop.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    received()
    clock.turn(by="30 days")
    assert received() == []
    wish = {"behavior": "void", "resumes_at": clock.now() - 1}
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.v1.subscriptions.update(subscription.id, {"pause_collection": wish})
    assert error.value.param == "pause_collection[resumes_at]"
