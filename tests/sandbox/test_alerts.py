"""Usage alerts."""

import pytest
import stripe

from tests.sandbox.test_usage import Meter


class Alerts:
    """Alerts on a meter, and what was told of them."""

    def __init__(self, shop):
        self.meter, self.v1 = Meter(shop), shop.v1

    def create(self, gte=100, **more):
        threshold = {"meter": self.meter.id, "gte": gte, "recurrence": "one_time", **more}
        params = {"alert_type": "usage_threshold", "title": "Much used", "usage_threshold": threshold}
        return self.v1.billing.alerts.create(params)

    def told(self):
        return [event.data.object for event in self.v1.events.list({"type": "billing.alert.triggered"}).data[::-1]]


@pytest.fixture
def alerts(shop):
    return Alerts(shop)


def only(customer):
    return [{"type": "customer", "customer": customer}]


def test_an_alert_is_told_once_per_customer(alerts, shop):
    alert = alerts.create(100)
    alerts.meter.report("99.5")
    assert alerts.told() == []
    alerts.meter.report("1")
    alerts.meter.report("500")
    ada, bob = alerts.meter.customer, shop.customer()
    alerts.meter.customer = bob
    alerts.meter.report("100")
    told = alerts.told()
    assert [(one.customer, one.value, one.alert.id) for one in told] == [
        (ada.id, 100, alert.id),
        (bob.id, 100, alert.id),
    ]
    assert (told[0].object, told[0].alert.usage_threshold.gte) == ("billing.alert_triggered", 100)


def test_an_alert_for_one_customer_leaves_the_others_alone(alerts, shop):
    alerts.create(10, filters=only(shop.customer().id))
    mine = alerts.create(10, filters=only(alerts.meter.customer.id))
    assert mine.usage_threshold.filters[0].customer == alerts.meter.customer.id
    alerts.meter.report("10")
    assert [one.alert.id for one in alerts.told()] == [mine.id]


def test_usage_from_before_the_alert_and_usage_taken_back_do_not_count(alerts):
    alerts.meter.report("90")
    alerts.create(100)
    alerts.meter.report("60", identifier="one")
    alerts.meter.cancel("one")
    alerts.meter.report("60")
    assert alerts.told() == []
    alerts.meter.report("40")
    assert len(alerts.told()) == 1


def test_an_alert_on_the_last_value_looks_at_that_alone(shop):
    alerts = Alerts(shop)
    alerts.v1.billing.meters.deactivate(alerts.meter.id)
    alerts.meter = Meter(shop, "last")
    alerts.create(10)
    alerts.meter.report("9")
    alerts.meter.report("8")
    assert alerts.told() == []
    alerts.meter.report("10")
    assert len(alerts.told()) == 1


def test_an_inactive_alert_is_silent_until_it_is_active_again(alerts):
    alert = alerts.create(10)
    assert alerts.v1.billing.alerts.deactivate(alert.id).status == "inactive"
    alerts.meter.report("50")
    assert alerts.v1.billing.alerts.activate(alert.id).status == "active"
    assert alerts.told() == []
    alerts.meter.report("10")
    assert len(alerts.told()) == 1


def test_an_archived_alert_is_gone_for_good(alerts):
    alert, other = alerts.create(10), alerts.create(20)
    assert alerts.v1.billing.alerts.archive(alert.id).status == "archived"
    assert [one.id for one in alerts.v1.billing.alerts.list({"meter": alerts.meter.id})] == [other.id]
    assert alerts.v1.billing.alerts.list({"meter": "mtr_other"}).data == []
    for deed in ("activate", "deactivate", "archive"):
        with pytest.raises(stripe.InvalidRequestError):
            getattr(alerts.v1.billing.alerts, deed)(alert.id)
    alerts.meter.report("10")
    assert alerts.told() == []
    assert alerts.v1.billing.alerts.retrieve(alert.id, {"expand": ["usage_threshold.meter"]}).status == "archived"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"gte": 0}, "usage_threshold[gte]"),
        ({"meter": "mtr_no"}, "usage_threshold[meter]"),
        ({"filters": only("cus_no")}, "usage_threshold[filters][0][customer]"),
        ({"filters": [*only("cus_1"), *only("cus_2")]}, "usage_threshold[filters]"),
        ({"recurrence": "monthly"}, "usage_threshold[recurrence]"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused(alerts, change, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        alerts.create(**{"gte": 5, **change})
    assert error.value.param == param


def test_an_alert_needs_a_threshold_and_a_filter_a_customer(alerts, box):
    with pytest.raises(stripe.InvalidRequestError) as error:
        alerts.v1.billing.alerts.create({"alert_type": "usage_threshold", "title": "Much used"})
    assert error.value.param == "usage_threshold"
    with pytest.raises(stripe.InvalidRequestError) as error:
        alerts.create(filters=[{"type": "customer"}])
    assert error.value.param == "usage_threshold[filters][0][customer]"
    box.observation.clear()


def test_a_meter_has_at_most_25_alerts_per_customer(alerts):
    for _ in range(25):
        alerts.create(filters=only(alerts.meter.customer.id))
    with pytest.raises(stripe.InvalidRequestError) as error:
        alerts.create(filters=only(alerts.meter.customer.id))
    assert error.value.param == "usage_threshold[meter]"
    alerts.create()
