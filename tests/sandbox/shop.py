"""What the sandbox's tests speak: a shop with a catalogue, customers with cards, a browser with a publishable key."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

VISA = "4242424242424242"
DECLINED = "4000000000000002"
POOR = "4000000000009995"
NO_CHARGE = "4000000000000341"
ASKS_UNTIL_SET_UP = "4000002500003155"
ALWAYS_ASKS = "4000002760003184"
ON_SESSION_ONLY = "4000003800000446"

NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}

stripe.enable_telemetry = False


def client_for(url: str) -> stripe.StripeClient:
    """The SDK as a server uses it, pointed at a sandbox."""
    return stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": url, "files": url, "connect": url, "meter_events": url}
    )


class Shop:
    """Somebody who sells plans through the API."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.v1 = client.v1

    def price(self, amount: int = 9900, interval: str = "month", **more: Any) -> stripe.Price:
        product = more.pop("product", None) or self.v1.products.create({"name": more.pop("name", "Growth")}).id
        recurring = {"interval": interval, **more.pop("recurring", {})}
        if "unit_amount_decimal" not in more:
            more["unit_amount"] = amount
        return self.v1.prices.create({"product": product, "currency": "usd", "recurring": recurring, **more})

    def customer(self, card: str | None = "pm_card_visa", **about: Any) -> stripe.Customer:
        """A customer; with a card that is their default."""
        customer = self.v1.customers.create({"name": "Ada", "email": "ada@example.com", **about})
        if card is None:
            return customer
        method = self.v1.payment_methods.attach(card, {"customer": customer.id})
        return self.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})

    def subscribe(self, customer: stripe.Customer, *prices: stripe.Price, **more: Any) -> stripe.Subscription:
        items = more.pop("items", None) or [{"price": price.id} for price in prices]
        expand = ["latest_invoice.confirmation_secret", "pending_setup_intent"]
        return self.v1.subscriptions.create({"customer": customer.id, "items": items, "expand": expand, **more})

    def ask(self, **params: Any) -> stripe.PaymentIntent:
        """A payment intent over ten dollars that the server can confirm without naming a page to return to."""
        types = {} if "allowed_payment_method_types" in params else {"automatic_payment_methods": NO_REDIRECTS}
        return self.v1.payment_intents.create({"amount": 1000, "currency": "usd", **types, **params})

    def reload(self, subscription: stripe.Subscription) -> stripe.Subscription:
        return self.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})

    def change(self, subscription: stripe.Subscription, price: stripe.Price, **more: Any) -> stripe.Subscription:
        """Replace the first item's price."""
        items = [{"id": subscription["items"].data[0].id, "price": price.id}]
        params = {"items": items, "expand": ["latest_invoice"], **more}
        return self.v1.subscriptions.update(subscription.id, params)

    def invoices(self, subscription: stripe.Subscription) -> list[stripe.Invoice]:
        """All invoices of a subscription, oldest first."""
        return self.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data[::-1]


class Browser:
    """A page with Stripe.js: publishable key and client secrets only."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = "Bearer pk_test_sandbox"

    def post(self, path: str, **fields: Any) -> requests.Response:
        return self._session.post(f"{self.url}{path}", data=fields)

    def get(self, path: str, **fields: Any) -> requests.Response:
        return self._session.get(f"{self.url}{path}", params=fields)

    def card(self, number: str, **fields: Any) -> requests.Response:
        """Type a card into the form."""
        typed = {
            "type": "card",
            "card[number]": number,
            "card[exp_month]": 12,
            "card[exp_year]": 2034,
            "card[cvc]": 123,
        }
        return self.post("/v1/payment_methods", **(typed | fields))

    def confirm(self, secret: str, number: str = VISA, **fields: Any) -> requests.Response:
        """Type a card and press the button, for a payment or a setup."""
        kind = "payment_intents" if secret.startswith("pi_") else "setup_intents"
        method = self.card(number).json()["id"]
        known = {"client_secret": secret, "payment_method": method, "use_stripe_sdk": "true"}
        return self.post(f"/v1/{kind}/{secret.split('_secret')[0]}/confirm", **(known | fields))

    def authenticate(self, secret: str, outcome: str = "complete") -> requests.Response:
        """Answer the 3-D Secure page."""
        return self.post(f"/_browser/3ds/{secret.split('_secret')[0]}", client_secret=secret, outcome=outcome)


def secret_of(subscription: stripe.Subscription) -> str:
    """The client secret of a new subscription's first invoice."""
    return subscription.latest_invoice.confirmation_secret.client_secret


def amounts(invoice: stripe.Invoice) -> list[int]:
    return [line.amount for line in invoice.lines.data]


def refused(deed: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """The error of a call that the sandbox has to refuse with a 400 or a 404."""
    with pytest.raises(stripe.InvalidRequestError) as error:
        deed(*args, **params)
    return error.value.error
