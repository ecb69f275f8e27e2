"""Half a year of a small shop where everybody changes their mind; afterwards every sum must still hold."""

import random
from typing import Any

import pytest
import stripe

from tests.sandbox import invariants
from tests.sandbox.shop import Shop

DAY = 86400
CARDS = ("pm_card_visa", "pm_card_visa", "pm_card_mastercard", "pm_card_chargeCustomerFail")


class Life:
    """Customers, staff and time, all decided by one pair of dice."""

    def __init__(self, shop: Shop, clock: Any, seed: int) -> None:
        self.shop, self.v1, self.clock = shop, shop.v1, clock
        self.dice = random.Random(seed)
        self.prices = [shop.price(amount, interval) for amount in (700, 2900, 9900) for interval in ("month", "year")]
        meter = self.v1.billing.meters.create(
            {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
        )
        self.metered = shop.price(3, recurring={"usage_type": "metered", "meter": meter.id})
        self.coupons = [
            self.v1.coupons.create({"percent_off": 30, "duration": "repeating", "duration_in_months": 2}),
            self.v1.coupons.create({"amount_off": 500, "currency": "usd", "duration": "once"}),
        ]
        self.rate = self.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
        self.customers = [shop.customer(self.dice.choice(CARDS)) for _ in range(6)]

    def live(self, deeds: int) -> None:
        """Do so many things; what Stripe refuses is refused."""
        for _ in range(deeds):
            deed = self.dice.choice(self.DEEDS)
            try:
                deed(self)
            except (stripe.InvalidRequestError, stripe.CardError):
                continue
            except IndexError:  # nobody there to do it to
                continue

    def subscribe(self) -> None:
        items: list[dict[str, Any]] = [{"price": self.dice.choice(self.prices).id, "quantity": self.dice.randint(1, 5)}]
        if self.dice.random() < 0.3:
            items.append({"price": self.metered.id})
        more: dict[str, Any] = {"default_tax_rates": [self.rate.id]} if self.dice.random() < 0.5 else {}
        if self.dice.random() < 0.3:
            more["discounts"] = [{"coupon": self.dice.choice(self.coupons).id}]
        if self.dice.random() < 0.2:
            more["trial_period_days"] = self.dice.randint(1, 20)
        self.v1.subscriptions.create({"customer": self._customer(), "items": items, **more})

    def change(self) -> None:
        subscription = self._subscription()
        item = subscription["items"].data[0]
        new = {"id": item.id, "price": self.dice.choice(self.prices).id, "quantity": self.dice.randint(1, 9)}
        behavior = self.dice.choice(("always_invoice", "create_prorations", "none"))
        self.v1.subscriptions.update(subscription.id, {"items": [new], "proration_behavior": behavior})

    def schedule_a_change(self) -> None:
        schedule = self.v1.subscription_schedules.create({"from_subscription": self._subscription().id})
        now = {name: getattr(schedule.current_phase, name) for name in ("start_date", "end_date")}
        old = schedule.phases[0]["items"][0]
        phases = [
            {**now, "items": [{"price": str(old.price), "quantity": old.quantity}]},
            {"items": [{"price": self.prices[0].id}], "duration": {"interval": "month", "interval_count": 1}},
        ]
        self.v1.subscription_schedules.update(schedule.id, {"end_behavior": "release", "phases": phases})

    def cancel(self) -> None:
        subscription = self._subscription()
        if self.dice.random() < 0.5:
            self.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        else:
            self.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": self.dice.random() < 0.5})

    def keep(self) -> None:
        self.v1.subscriptions.update(self._subscription().id, {"cancel_at_period_end": False})

    def pause(self) -> None:
        self.v1.subscriptions.pause(self._subscription().id, {"invoicing_behavior": "invoice"})

    def resume(self) -> None:
        paused = self.v1.subscriptions.list({"status": "paused"}).data
        self.v1.subscriptions.resume(self.dice.choice(paused).id, {"billing_cycle_anchor": {"type": "now"}})

    def use(self) -> None:
        payload = {"stripe_customer_id": self._customer(), "value": str(self.dice.randint(1, 400))}
        self.v1.billing.meter_events.create({"event_name": "calls", "payload": payload})

    def refund(self) -> None:
        charge = self.dice.choice(self.v1.charges.list({"limit": 30}).data)
        amount = self.dice.randint(1, max(1, charge.amount))
        self.v1.refunds.create({"charge": charge.id, "amount": amount})

    def credit(self) -> None:
        invoice = self.dice.choice(self.v1.invoices.list({"limit": 30}).data)
        amount = self.dice.randint(1, max(1, invoice.total))
        where = self.dice.choice(("credit_amount", "refund_amount", "out_of_band_amount"))
        paid = {where: amount} if invoice.status == "paid" else {}
        self.v1.credit_notes.create({"invoice": invoice.id, "amount": amount, **paid})

    def write_an_invoice(self) -> None:
        customer = self._customer()
        draft = self.v1.invoices.create({"customer": customer, "auto_advance": self.dice.random() < 0.5})
        for _ in range(self.dice.randint(0, 3)):
            amount = self.dice.randint(-500, 4000)
            self.v1.invoice_items.create(
                {"customer": customer, "invoice": draft.id, "amount": amount, "currency": "usd"}
            )
        if self.dice.random() < 0.7:
            self.v1.invoices.finalize_invoice(draft.id)

    def note_a_debt(self) -> None:
        item = {"customer": self._customer(), "amount": self.dice.randint(-900, 900), "currency": "usd"}
        self.v1.invoice_items.create(item)

    def give_balance(self) -> None:
        transaction = {"amount": self.dice.randint(-3000, 800), "currency": "usd"}
        self.v1.customers.balance_transactions.create(self._customer(), transaction)

    def end_an_invoice(self) -> None:
        invoice = self.dice.choice(self.v1.invoices.list({"status": "open"}).data)
        verbs = (self.v1.invoices.pay, self.v1.invoices.void_invoice, self.v1.invoices.mark_uncollectible)
        self.dice.choice(verbs)(invoice.id)

    def new_card(self) -> None:
        method = self.v1.payment_methods.attach(self.dice.choice(CARDS), {"customer": (customer := self._customer())})
        self.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})

    def let_time_pass(self) -> None:
        self.clock.turn(by=str(self.dice.choice((3600, DAY, 5 * DAY, 16 * DAY))))

    def _customer(self) -> str:
        return self.dice.choice(self.customers).id

    def _subscription(self) -> stripe.Subscription:
        return self.dice.choice(self.v1.subscriptions.list({"limit": 100}).data)

    DEEDS = (
        *(subscribe, subscribe, change, change, change, schedule_a_change, cancel, keep, pause, resume, use, use),
        *(refund, credit, write_an_invoice, note_a_debt, give_balance, end_an_invoice, new_card),
        *(let_time_pass, let_time_pass, let_time_pass),
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_sum_holds_whatever_happened(shop: Shop, clock: Any, client: stripe.StripeClient, seed: int) -> None:
    Life(shop, clock, seed).live(160)
    clock.turn(by="2 months")
    assert invariants.broken(client) == []
