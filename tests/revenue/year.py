"""A year of a seller's life: customers who come, grow, shrink, rest, fail to pay and go, by a script.

What they do is done at Stripe, or with the portal's own deeds where those are more than one call; every event is
delivered and worked off.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import stripe
from flask import current_app

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.organizations.models import Organization
from app.subscriptions.changes import change
from app.subscriptions.pauses import resuming
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.sandbox.shop import Shop, client_for
from worker import runner

FAILS = "pm_card_chargeCustomerFail"
GOOD = "pm_card_visa"
DAY = 9
"""Of the first month, on which everybody does what they do; a day later each month, so that nothing is just being renewed."""

LIVES: list[dict[int, tuple[Any, ...]]] = [
    {0: ("buys", "growth"), 7: ("changes", "pro")},
    {0: ("buys", "starter"), 3: ("changes", "growth"), 6: ("changes", "pro", "year")},
    {0: ("buys", "pro"), 2: ("changes", "starter"), 5: ("leaves", "too_expensive")},
    {0: ("buys", "growth", "year"), 4: ("changes", "starter")},
    {1: ("tries", "starter", GOOD), 5: ("leaves", "unused")},
    {1: ("tries", "starter", None)},
    {0: ("buys", "growth"), 2: ("leaves", "missing_features"), 6: ("buys", "starter")},
    {0: ("buys", "growth"), 3: ("rests",), 5: ("comes_back",)},
    {0: ("buys", "growth", "month", "EVER33"), 4: ("changes", "pro")},
    {1: ("buys", "starter", "month", "ONCE20"), 6: ("goes_at_once", "switched_service")},
    {0: ("buys", "pro", "month", "THRICE"), 5: ("pays_with", FAILS), 6: ("pays_with", GOOD)},
    {0: ("buys", "starter", "month", "FIVE"), 3: ("pays_with", FAILS), 4: ("goes_at_once", "")},
    {2: ("tries", "growth", FAILS)},
]
"""By month what a customer does; each life is lived once, and again one month later by as many customers more."""

COUPONS: dict[str, dict[str, Any]] = {
    "EVER33": {"percent_off": 33.3, "duration": "forever"},
    "ONCE20": {"percent_off": 20, "duration": "once"},
    "THRICE": {"percent_off": 25, "duration": "repeating", "duration_in_months": 3},
    "FIVE": {"amount_off": 500, "currency": "usd", "duration": "forever"},
}


class Year:
    """`live` it, and look at `figures` and at Stripe afterwards."""

    def __init__(self, sandbox: Sandbox, price: Callable[..., Price], person: Callable[..., Browser]) -> None:
        self.sandbox, self.price, self.person = sandbox, price, person
        self.shop = Shop(client_for(sandbox.url))
        self.customers: dict[int, str] = {}

    def live(self, customers: int, months: int) -> None:
        january = clock.now().replace(year=clock.now().year + 1, month=1, day=1, hour=12, minute=0, second=0)
        for name, terms in COUPONS.items():
            self.shop.v1.coupons.create({"id": name, **terms})  # type: ignore[typeddict-item]  # checked by the contract
        for number in range(months):
            month = january.replace(year=january.year + number // 12, month=number % 12 + 1)
            self._turn(month.replace(day=DAY + number))
            for customer in range(customers):
                life, later = LIVES[customer % len(LIVES)], customer // len(LIVES)
                if deed := life.get(number - later):
                    getattr(self, deed[0])(customer, *deed[1:])
            self._work()
            self._turn(month.replace(day=DAY + number + 6))

    def _turn(self, to: datetime) -> None:
        self.sandbox.turn_clock_to(to)
        clock.refresh()
        self._work()

    def _work(self) -> None:
        """All that is due, but for mails and documents, which would take longer than all else."""
        self.sandbox.settle()
        with current_app.app_context():
            while sum(runner.drain(queue) for queue in ("webhooks", "default")):
                self.sandbox.settle()
        db.session.expire_all()

    # What they do

    def buys(self, customer: int, plan: str, interval: str = "month", coupon: str = "") -> None:
        terms = {"discounts": [{"coupon": coupon}]} if coupon else {}
        self._subscribe(customer, GOOD, plan, interval, **terms)

    def tries(self, customer: int, plan: str, card: str | None) -> None:
        end = {"end_behavior": {"missing_payment_method": "cancel"}}
        self._subscribe(customer, card, plan, "month", trial_period_days=14, trial_settings=end)

    def changes(self, customer: int, plan: str, interval: str = "month") -> None:
        """As the portal does it: up at once, down when what is paid for ends."""
        price, who = self.price(plan, interval), self._organization(customer)
        sheet = change.preview(who, price)
        change.confirm(who, price, sheet.quantity, sheet.shown, secrets.token_urlsafe(16))
        commit()

    def leaves(self, customer: int, feedback: str) -> None:
        why: Any = {"cancel_at_period_end": True, "cancellation_details": {"feedback": feedback}}
        self.shop.v1.subscriptions.update(self._subscription(customer).id, why)

    def goes_at_once(self, customer: int, feedback: str) -> None:
        why: Any = {"cancellation_details": {"feedback": feedback}} if feedback else {}
        self.shop.v1.subscriptions.cancel(self._subscription(customer).id, why)

    def rests(self, customer: int) -> None:
        self.shop.v1.subscriptions.pause(self._subscription(customer).id)

    def comes_back(self, customer: int) -> None:
        who = self._organization(customer)
        _, preview = resuming.preview(who)
        resuming.resume(who, shown=preview.amount_due, token=secrets.token_urlsafe(16))
        commit()

    def pays_with(self, customer: int, card: str) -> None:
        """From now on, and what is open at once."""
        id = self.customers[customer]
        method = self.shop.v1.payment_methods.attach(card, {"customer": id})
        self.shop.v1.customers.update(id, {"invoice_settings": {"default_payment_method": method.id}})
        for invoice in self.shop.v1.invoices.list({"customer": id, "status": "open"}).data:
            self.shop.v1.invoices.pay(invoice.id)

    def _subscribe(self, customer: int, card: str | None, plan: str, interval: str, **terms: Any) -> None:
        if customer not in self.customers:
            self.customers[customer] = self.shop.customer(card, name=f"Customer {customer}").id
            browser = self.person(f"Customer{customer}", f"Customer {customer}")
            browser.organization.stripe_customer_id = self.customers[customer]
            commit()
        items = [{"price": self.price(plan, interval).stripe_price_id}]
        self.shop.v1.subscriptions.create({"customer": self.customers[customer], "items": items, **terms})  # type: ignore[typeddict-item]  # checked by the contract

    def _subscription(self, customer: int) -> stripe.Subscription:
        """The one that is not ended."""
        return self.shop.v1.subscriptions.list({"customer": self.customers[customer]}).data[0]

    def _organization(self, customer: int) -> Organization:
        mine = db.select(Organization).where(Organization.stripe_customer_id == self.customers[customer])
        return db.session.scalars(mine).one()
