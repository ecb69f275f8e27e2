"""The records in memory: their order, and what an undo brings back."""

import pytest

from sandbox.store import Store


@pytest.fixture
def store():
    """Three invoices of one customer."""
    made = Store()
    made.load({"object": "invoice", "id": id, "customer": "cus_x"} for id in ("in_1", "in_2", "in_3"))
    return made


def ids(store, field="customer", value="cus_x"):
    return [one["id"] for one in store.of("invoice", field, value)]


@pytest.mark.parametrize(
    "deed",
    [
        lambda store, first: store.remove(first),
        lambda store, first: store.remove(*store.list("invoice")),
        lambda store, first: store.update(first, customer="cus_y"),
        lambda store, first: (store.update(first, customer=None), store.update(first, customer="cus_x")),
        lambda store, first: store.add({"object": "invoice", "id": "in_4", "customer": "cus_x"}),
    ],
    ids=["one removed", "all removed", "moved", "away and back", "added"],
)
def test_after_an_undo_the_records_of_a_value_stand_as_before(store, deed):
    deed(store, store.get("invoice", "in_1"))
    store.rollback()
    assert ids(store) == ["in_1", "in_2", "in_3"]
    assert ids(store, value="cus_y") == []


def test_a_field_that_an_undo_took_away_finds_nothing(store):
    store.update(store.get("invoice", "in_1"), payment_intent="pi_x")
    assert ids(store, "payment_intent", "pi_x") == ["in_1"]
    store.rollback()
    assert ids(store, "payment_intent", "pi_x") == []
    assert "payment_intent" not in store.get("invoice", "in_1")
