"""Searching with Stripe's query language."""

import pytest
import stripe


@pytest.fixture
def people(client):
    """Three customers, oldest first."""
    about = [
        {"name": "Ada Lovelace", "email": "ada@example.com", "metadata": {"plan": "pro", "no": "1"}},
        {"name": "Bob Moore", "email": "bob@example.org", "metadata": {"plan": "free"}, "phone": "+1555"},
        {"name": 'Cleo "the" Queen', "email": "cleo@example.org"},
    ]
    return [client.v1.customers.create(one) for one in about]


def names(client, query, **more):
    found = client.v1.customers.search({"query": query, **more})
    return [one.name.split()[0] for one in found.data]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('email:"ADA@example.com"', ["Ada"]),
        ("email:'ada@example.com'", ["Ada"]),
        ('email~"example.org"', ["Cleo", "Bob"]),
        ('-email~"example.org"', ["Ada"]),
        ('metadata["plan"]:"pro"', ["Ada"]),
        ("metadata['plan']:'pro' OR metadata['plan']:'free'", ["Bob", "Ada"]),
        ('-metadata["plan"]:null', ["Bob", "Ada"]),
        ('metadata["no"]:1', ["Ada"]),
        ("phone:null", ["Cleo", "Ada"]),
        ('email~"example" AND name~"ada"', ["Ada"]),
        ('email~"example" name~"ada"', ["Ada"]),
        ('name:"Ada Lovelace" or name~"Queen"', ["Cleo", "Ada"]),
        (r'name~"\"the\""', ["Cleo"]),
        ("created>=1798761600", ["Cleo", "Bob", "Ada"]),
        ("created<1798761600", []),
        ('created>"1" -name:"Bob Moore"', ["Cleo", "Ada"]),
    ],
)
def test_a_query_finds_what_it_says(client, people, query, found):
    assert names(client, query) == found


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("asdf", "unable to parse your search query at `asdf`"),
        ("", "unable to parse"),
        ('name:"Ada', "unable to parse"),
        ('(name:"Ada")', "unable to parse"),
        ('name:"Ada" AND', "unable to parse"),
        ('foo:"bar"', "Field `foo` is an unsupported search field for resource `customers`"),
        ('metadata:"bar"', "Field `metadata` is an unsupported"),
        ('name["x"]:"bar"', "unsupported search field"),
        ('name:"Ada" AND email:"a" OR email:"b"', "cannot combine AND and OR"),
        ('name~"ab"', "at least 3 characters"),
        ("name:Ada", "goes into quotation marks: `Ada`"),
        ('created:"soon"', "is a number and cannot be compared with `soon`"),
        ('created~"123"', "operator `~` is not supported for the field `created`"),
        ('name>"Ada"', "operator `>` is not supported"),
        ("created>null", "`null` goes with the operator `:`"),
        (" ".join(['name:"Ada"'] * 11), "at most 10 clauses"),
    ],
)
def test_a_bad_query_says_what_is_not_understood(client, query, complaint):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.search({"query": query or " "})
    assert (error.value.http_status, error.value.param) == (400, "query")
    assert complaint in str(error.value)


def test_results_come_in_pages(client, people):
    first = client.v1.customers.search({"query": 'email~"example"', "limit": 2})
    assert (first.object, first.url, first.has_more) == ("search_result", "/v1/customers/search", True)
    assert "total_count" not in first
    second = client.v1.customers.search({"query": 'email~"example"', "limit": 2, "page": first.next_page})
    assert [one.id for one in (*first.data, *second.data)] == [one.id for one in reversed(people)]
    assert (second.has_more, second.next_page) == (False, None)
    assert len(list(client.v1.customers.search({"query": 'email~"example"', "limit": 1}).auto_paging_iter())) == 3
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.search({"query": 'email~"example"', "page": "nonsense"})
    assert error.value.param == "page"


def test_the_count_is_told_when_asked_for(client, people):
    found = client.v1.customers.search({"query": 'email~"example"', "limit": 1, "expand": ["total_count"]})
    assert (found.total_count, len(found.data)) == (3, 1)


def test_deleted_customers_are_not_found(client, people):
    client.v1.customers.delete(people[0].id)
    assert names(client, 'email~"example"') == ["Cleo", "Bob"]


def test_prices_and_products_are_found_by_key_and_state(client, shop):
    price = shop.price(2900, lookup_key="starter", name="Starter")
    other = shop.price(1900, name="Other")
    client.v1.products.update(other.product, {"active": False, "description": 'the "old" one'})
    search = client.v1.prices.search
    assert [one.id for one in search({"query": 'lookup_key:"starter" AND active:"true"'}).data] == [price.id]
    assert [one.id for one in search({"query": f'product:"{other.product}"', "expand": ["data.product"]}).data] == [
        other.id
    ]
    assert [one.name for one in client.v1.products.search({"query": "active:false description~'old'"}).data] == [
        "Other"
    ]
    with pytest.raises(stripe.InvalidRequestError, match="true or false"):
        search({"query": 'active:"perhaps"'})


def test_a_subscription_and_all_it_paid_are_found(client, shop):
    customer, price = shop.customer(), shop.price(9900)
    subscription = shop.subscribe(customer, price, metadata={"local": "7"})
    shop.subscribe(shop.customer(), shop.price(100))
    (found,) = client.v1.subscriptions.search({"query": 'status:"active" metadata["local"]:"7"'}).data
    assert found.id == subscription.id
    (invoice,) = client.v1.invoices.search({"query": f'subscription:"{subscription.id}" total>=9900'}).data
    assert invoice.id == subscription.latest_invoice.id
    assert client.v1.invoices.search({"query": "last_finalization_error_code:null", "limit": 1}).has_more
    (intent,) = client.v1.payment_intents.search({"query": f'amount:9900 customer:"{customer.id}"'}).data
    query = 'payment_method_details.card.last4:4242 amount>100 status:"succeeded" refunded:"false"'
    (charge,) = client.v1.charges.search({"query": query}).data
    assert (intent.status, charge.payment_intent) == ("succeeded", intent.id)
