"""Processes die, freeze, and come back."""

from faults.case import Case, row
from faults.customers import Customer


@row("F05", "web server killed between the commit and the bell")
def nobody_rings(case: Case) -> None:
    customer = case.customer()
    price = customer.look_at()
    case.house.sandbox("POST", "deliveries", paused=True)
    customer.buy(price, "4242424242424242", name=customer.organization, country="GB")
    case.house.arm("after_commit_before_bell")
    case.house.sandbox("POST", "deliveries", paused=False)
    case.struck("after_commit_before_bell")
    case.over()
    case.settle()
    _subscribed_once(case, customer)


def _subscribed_once(case: Case, customer: Customer) -> None:
    case.expect(customer.status() == "active", f"the subscription is {customer.status()}")
    started = customer.audit("subscription.started")
    case.expect(started == 1, f"the subscription started {started} times")
