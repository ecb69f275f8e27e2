"""Features, the products that have them, and the customers who are entitled to them."""

import pytest
import stripe

from tests.sandbox.shop import secret_of

DAY = 86400


class Catalogue:
    """Two plans: ``pro`` has all that ``basic`` has and more."""

    def __init__(self, shop):
        self.shop, self.v1 = shop, shop.v1
        self.basic, self.pro = shop.price(1000, name="Basic"), shop.price(3000, name="Pro")
        self.export, self.api = self.feature("export"), self.feature("api")
        self.attach(self.basic, self.export)
        self.attached = [self.attach(self.pro, feature) for feature in (self.export, self.api)]

    def feature(self, key):
        return self.v1.entitlements.features.create({"lookup_key": key, "name": key.title()})

    def attach(self, price, feature):
        return self.v1.products.features.create(price.product, {"entitlement_feature": feature.id})

    def keys(self, customer):
        found = self.v1.entitlements.active_entitlements.list({"customer": customer.id}).data
        return sorted(one.lookup_key for one in found)

    def told(self):
        """The keys after and before each change that was told, oldest first."""
        kind = "entitlements.active_entitlement_summary.updated"
        events = self.v1.events.list({"type": kind, "limit": 100}).data[::-1]
        return [
            (_keys(one.data.object.entitlements), _keys(one.data.previous_attributes["entitlements"])) for one in events
        ]


def _keys(entitlements):
    return sorted(one["lookup_key"] for one in entitlements["data"])


@pytest.fixture
def catalogue(shop):
    return Catalogue(shop)


def test_a_feature_is_created_renamed_and_archived(client):
    features = client.v1.entitlements.features
    feature = features.create({"lookup_key": "api", "name": "API", "metadata": {"a": "1"}})
    assert (feature.object, feature.active, feature.metadata["a"]) == ("entitlements.feature", True, "1")
    assert features.update(feature.id, {"name": "The API", "metadata": ""}).metadata.to_dict() == {}
    assert features.retrieve(feature.id).name == "The API"
    other = features.create({"lookup_key": "export", "name": "Export"})
    assert features.update(feature.id, {"active": False}).active is False
    assert [one.id for one in features.list()] == [other.id]
    assert [one.id for one in features.list({"archived": True})] == [feature.id]
    assert features.list({"lookup_key": "api"}).data == []
    with pytest.raises(stripe.InvalidRequestError) as error:
        features.update(feature.id, {"active": True})
    assert error.value.param == "active"


def test_a_lookup_key_is_free_again_once_its_feature_is_archived(client):
    features = client.v1.entitlements.features
    first = features.create({"lookup_key": "api", "name": "API"})
    for key in ("api", "", "x" * 81):
        with pytest.raises(stripe.InvalidRequestError) as error:
            features.create({"lookup_key": key, "name": "API"})
        assert error.value.param == "lookup_key"
    features.update(first.id, {"active": False})
    second = features.create({"lookup_key": "api", "name": "API"})
    assert [one.id for one in features.list({"lookup_key": "api"})] == [second.id]


def test_a_product_has_features(catalogue):
    features, product = catalogue.v1.products.features, catalogue.pro.product
    first, second = catalogue.attached
    assert (first.object, first.entitlement_feature.lookup_key) == ("product_feature", "export")
    assert [one.id for one in features.list(product)] == [second.id, first.id]
    assert [one.id for one in features.list(product, {"starting_after": second.id})] == [first.id]
    assert features.retrieve(product, first.id).entitlement_feature.id == catalogue.export.id
    gone = features.delete(product, first.id)
    assert (gone.id, gone.deleted) == (first.id, True)
    for deed in (features.retrieve, features.delete):
        with pytest.raises(stripe.InvalidRequestError) as error:
            deed(product, first.id)
        assert error.value.http_status == 404


def test_a_feature_is_attached_once_to_a_product_that_exists_and_not_when_archived(catalogue):
    features, product = catalogue.v1.products.features, catalogue.pro.product
    archived = catalogue.feature("old")
    catalogue.v1.entitlements.features.update(archived.id, {"active": False})
    for id in (catalogue.api.id, archived.id, "feat_no"):
        with pytest.raises(stripe.InvalidRequestError) as error:
            features.create(product, {"entitlement_feature": id})
        assert error.value.param == "entitlement_feature"
    with pytest.raises(stripe.InvalidRequestError):
        features.create("prod_no", {"entitlement_feature": catalogue.api.id})
    with pytest.raises(stripe.InvalidRequestError):
        features.retrieve(catalogue.basic.product, catalogue.attached[0].id)


def test_a_subscription_entitles_once_it_is_paid(catalogue, shop, visitor, received):
    customer = shop.customer(card=None)
    subscription = shop.subscribe(customer, catalogue.pro, payment_behavior="default_incomplete")
    assert catalogue.keys(customer) == []
    received()
    visitor.confirm(secret_of(subscription))
    assert received()[-1] == "entitlements.active_entitlement_summary.updated"
    assert catalogue.keys(customer) == ["api", "export"]
    assert catalogue.told() == [(["api", "export"], [])]


def test_the_summary_names_its_customer_and_has_no_id(catalogue, shop, client):
    customer = shop.customer()
    shop.subscribe(customer, catalogue.basic)
    (event,) = client.v1.events.list({"type": "entitlements.active_entitlement_summary.updated"}).data
    summary = event.data.object
    assert (summary.object, summary.customer) == ("entitlements.active_entitlement_summary", customer.id)
    assert "id" not in summary
    assert summary.entitlements.data[0].feature == catalogue.export.id
    assert summary.entitlements.url.endswith(customer.id)
    assert event.request.id is not None


def test_an_entitlement_is_retrieved_while_it_lasts(catalogue, shop, client):
    customer = shop.customer()
    subscription = shop.subscribe(customer, catalogue.basic)
    expand = {"customer": customer.id, "expand": ["data.feature"]}
    (active,) = client.v1.entitlements.active_entitlements.list(expand).data
    assert active.feature.name == "Export"
    assert client.v1.entitlements.active_entitlements.retrieve(active.id).lookup_key == "export"
    client.v1.subscriptions.cancel(subscription.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.entitlements.active_entitlements.retrieve(active.id)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.entitlements.active_entitlements.list({"customer": "cus_no"})
    assert error.value.param == "customer"


def test_changing_plan_changes_the_set_and_canceling_empties_it(catalogue, shop, client):
    customer = shop.customer()
    subscription = shop.subscribe(customer, catalogue.basic)
    shop.change(subscription, catalogue.pro)
    shop.change(shop.reload(subscription), catalogue.basic)
    client.v1.subscriptions.cancel(subscription.id)
    assert catalogue.told() == [
        (["export"], []),
        (["api", "export"], ["export"]),
        (["export"], ["api", "export"]),
        ([], ["export"]),
    ]


def test_what_two_subscriptions_give_is_lost_with_the_second_one(catalogue, shop, client):
    customer = shop.customer()
    first, second = shop.subscribe(customer, catalogue.basic), shop.subscribe(customer, catalogue.pro)
    client.v1.subscriptions.cancel(first.id)
    assert catalogue.keys(customer) == ["api", "export"]
    client.v1.subscriptions.cancel(second.id)
    assert catalogue.told() == [(["export"], []), (["api", "export"], ["export"]), ([], ["api", "export"])]


def test_features_that_come_and_go_reach_subscribers(catalogue, shop, client):
    customer = shop.customer()
    shop.subscribe(customer, catalogue.basic)
    late = catalogue.feature("late")
    attached = catalogue.attach(catalogue.basic, late)
    assert catalogue.keys(customer) == ["export", "late"]
    client.v1.entitlements.features.update(late.id, {"active": False})
    assert catalogue.keys(customer) == ["export", "late"]
    client.v1.products.features.delete(catalogue.basic.product, attached.id)
    assert catalogue.told()[1:] == [(["export", "late"], ["export"]), (["export"], ["export", "late"])]


def test_a_trial_and_an_overdue_payment_entitle_a_paused_subscription_does_not(catalogue, shop, clock):
    poor, patient = shop.customer("pm_card_chargeCustomerFail"), shop.customer(card=None)
    shop.subscribe(poor, catalogue.basic, trial_period_days=1)
    pausing = {"end_behavior": {"missing_payment_method": "pause"}}
    shop.subscribe(patient, catalogue.basic, trial_period_days=1, trial_settings=pausing)
    assert (catalogue.keys(poor), catalogue.keys(patient)) == (["export"], ["export"])
    clock.turn(by="2 days")
    assert (catalogue.keys(poor), catalogue.keys(patient)) == (["export"], [])


def test_a_subscription_that_ends_by_itself_is_told_at_its_own_time(catalogue, shop, client, clock):
    subscription = shop.subscribe(shop.customer(), catalogue.basic, cancel_at=clock.now() + 5 * DAY)
    clock.turn(by="10 days")
    event = client.v1.events.list({"type": "entitlements.active_entitlement_summary.updated"}).data[0]
    assert (event.created, event.request.id) == (shop.reload(subscription).ended_at, None)


def test_a_preview_or_a_refusal_entitles_to_nothing(catalogue, shop, client):
    customer = shop.customer()
    subscription = shop.subscribe(customer, catalogue.basic)
    items = [{"id": subscription["items"].data[0].id, "price": catalogue.pro.id}]
    client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": {"items": items}})
    broke = shop.customer("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        shop.subscribe(broke, catalogue.pro, payment_behavior="error_if_incomplete")
    assert (catalogue.keys(customer), catalogue.keys(broke)) == (["export"], [])
    assert len(catalogue.told()) == 1


def test_deleting_a_customer_ends_what_they_were_entitled_to(catalogue, shop, client):
    customer = shop.customer()
    shop.subscribe(customer, catalogue.basic)
    client.v1.customers.delete(customer.id)
    assert catalogue.told()[-1] == ([], ["export"])


def test_the_list_inside_an_event_stops_at_ten(catalogue, shop, client):
    for number in range(11):
        catalogue.attach(catalogue.basic, catalogue.feature(f"feature-{number}"))
    customer = shop.customer()
    shop.subscribe(customer, catalogue.basic)
    summary = client.v1.events.list({"type": "entitlements.active_entitlement_summary.updated"}).data[0].data.object
    assert (len(summary.entitlements.data), summary.entitlements.has_more) == (10, True)
    listed = client.v1.entitlements.active_entitlements.list({"customer": customer.id, "limit": 5})
    assert len(list(listed.auto_paging_iter())) == 12


def test_without_features_nobody_is_told(shop, client):
    shop.subscribe(shop.customer(), shop.price())
    assert client.v1.events.list({"type": "entitlements.active_entitlement_summary.updated"}).data == []
