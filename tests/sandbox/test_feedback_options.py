"""A shop's own reasons for canceling, and the subscriptions that name them."""

import pytest
import stripe


@pytest.fixture
def options(client):
    return client.v1.billing.feedback_options


@pytest.fixture
def option(options):
    return options.create({"description": "My project ended"})


def test_a_feedback_option_is_created_reworded_and_deactivated(options, option, clock):
    assert (option.object, option.status) == ("billing.feedback_option", "active")
    assert options.update(option.id, {"description": "The project ended"}).description == "The project ended"
    assert options.update(option.id, {}).description == "The project ended"
    gone = options.deactivate(option.id)
    assert (gone.status, gone.status_transitions.deactivated_at) == ("inactive", pytest.approx(clock.now(), abs=60))
    assert options.retrieve(option.id).status == "inactive"
    with pytest.raises(stripe.InvalidRequestError):
        options.deactivate(option.id)


def test_feedback_options_are_listed_by_status(options, option):
    other = options.create({"description": "Too many features"})
    options.deactivate(option.id)
    assert [one.id for one in options.list()] == [other.id, option.id]
    assert [one.id for one in options.list({"status": "active"})] == [other.id]


@pytest.mark.parametrize("description", ["", "x" * 101])
def test_a_description_has_up_to_100_characters(options, option, description):
    for write in (options.create, lambda params: options.update(option.id, params)):
        with pytest.raises(stripe.InvalidRequestError) as error:
            write({"description": description})
        assert error.value.param == "description"


def test_a_subscription_keeps_the_option_its_customer_chose(shop, client, option):
    subscription = shop.subscribe(shop.customer(), shop.price())
    details = {"feedback_option": option.id, "comment": "Thank you"}
    params = {"cancel_at_period_end": True, "cancellation_details": details}
    ending = client.v1.subscriptions.update(subscription.id, params)
    assert ending.cancellation_details.feedback_option == option.id
    expand = {"expand": ["cancellation_details.feedback_option"]}
    shown = client.v1.subscriptions.retrieve(subscription.id, expand).cancellation_details
    assert (shown.feedback_option.description, shown.comment) == ("My project ended", "Thank you")
    kept = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert kept.cancellation_details.feedback_option is None
    canceled = client.v1.subscriptions.cancel(subscription.id, {"cancellation_details": details})
    assert canceled.cancellation_details.feedback_option == option.id


def test_an_option_that_is_unknown_or_inactive_is_refused(shop, client, options, option):
    subscription = shop.subscribe(shop.customer(), shop.price())
    options.deactivate(option.id)
    for id in ("fbopt_no", option.id):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.subscriptions.cancel(subscription.id, {"cancellation_details": {"feedback_option": id}})
        assert error.value.param == "cancellation_details[feedback_option]"
    assert shop.reload(subscription).status == "active"
