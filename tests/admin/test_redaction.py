"""What staff read of a payload tells what happened, and neither who somebody is nor anything that opens a door."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from app.admin import redaction
from app.admin.redaction import WITHHELD, redacted, shown
from app.core.extensions import db
from app.webhooks.models import InboxEvent
from tests.cast import Browser
from tests.helpers import Sandbox

PERSONAL = {
    "name": "Ada Lovelace",
    "email": "ada@lovelace.example",
    "phone": "+442079460123",
    "description": "Enchantress",
    "address[line1]": "12 St James Square",
    "address[city]": "Marylebone",
    "address[postal_code]": "SW1Y4JH",
    "address[country]": "GB",
    "metadata[note]": "Byron",
}
SECRET = ("_secret_", "https://", "2040")


@pytest.fixture
def payloads(ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox) -> list[dict[str, Any]]:
    """What Stripe tells of a customer who says all there is to say, buys a plan and leaves with a comment."""
    subscribe(ada, "growth")
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    customer = f"{sandbox.url}/v1/customers/{ada.organization.stripe_customer_id}"
    requests.post(customer, data=PERSONAL, headers=headers, timeout=10).raise_for_status()
    (subscription,) = sandbox.objects("subscriptions")
    leaving = {"cancellation_details[comment]": "Babbage", "cancellation_details[feedback]": "too_expensive"}
    address = f"{sandbox.url}/v1/subscriptions/{subscription['id']}"
    requests.delete(address, data=leaving, headers=headers, timeout=10).raise_for_status()
    sandbox.settle()
    return [event.payload for event in db.session.scalars(db.select(InboxEvent))]


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, key)
    else:
        yield key, value


def replaced(value: Any, by: str) -> Any:
    if isinstance(value, dict):
        return {name: replaced(one, by) for name, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, by) for one in value]
    return by if isinstance(value, str) else value


def test_what_is_personal_or_opens_something_is_withheld(payloads: list[dict[str, Any]]):
    said, told = json.dumps(payloads), "\n".join(shown(payload) for payload in payloads)
    for words in (*PERSONAL.values(), "Babbage", "_secret_"):
        assert words in said, f"{words} is not put to the test"
    for words in {*PERSONAL.values(), "Babbage", *SECRET} - {"GB"}:
        assert words not in told
    places = [value for payload in payloads for key, value in leaves(redacted(payload)) if key == "country"]
    assert set(places) == {WITHHELD, None}


def test_of_a_card_brand_and_last_four_are_told(payloads: list[dict[str, Any]]):
    cards = [leaf for payload in payloads for leaf in leaves(redacted(payload)) if leaf[0] in ("brand", "last4")]
    assert {value for _, value in cards if value} == {"visa", "4242"}
    dates = [value for payload in payloads for key, value in leaves(redacted(payload)) if key.startswith("exp_")]
    assert set(dates) <= {WITHHELD, None}


def test_what_happened_is_told(payloads: list[dict[str, Any]]):
    for payload in payloads:
        said, told = payload["data"]["object"], redacted(payload)["data"]["object"]
        for key in ("id", "object", "status", "amount", "amount_due", "currency", "customer", "created"):
            assert told.get(key) == said.get(key), key


@pytest.mark.parametrize(
    "words", ["Ada Lovelace", "ada@lovelace.example", "pi_1_secret_2", "sk_test_1", "https://x.test/a"]
)
def test_whatever_a_field_is_called_words_that_do_not_fit_are_withheld(payloads: list[dict[str, Any]], words: str):
    for payload in payloads:
        assert words not in shown(replaced(payload, words))


def test_a_field_nobody_thought_of_is_withheld():
    assert redacted({"shoe_size": 43, "amount": 43}) == {"shoe_size": WITHHELD, "amount": 43}


def test_of_metadata_only_ours_is_told():
    said = {"metadata": {"organization": "org_1", "intent": "a1", "Ada's note": "x", "id": "y"}}
    assert redacted(said) == {"metadata": {"organization": "org_1", "intent": "a1", WITHHELD: 2}}


def test_a_mail_tells_its_template_only():
    mail = {"template": "receipt", "to": ["ada@example.com"], "context": {"name": "Ada", "url": "https://x.test/t"}}
    told = {"template": "receipt", "to": [WITHHELD], "context": {"name": WITHHELD, "url": WITHHELD}}
    assert redacted(mail) == told


def test_a_key_is_listed_once():
    keys = [line for line in redaction.KEYS.read_text().splitlines() if line and not line.startswith("#")]
    assert sorted(keys) == sorted(set(keys))
