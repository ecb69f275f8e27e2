"""Use: told while it grows, stopped at the limit or a budget, freed by a larger plan; one number wherever it is asked for."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import requests
from playwright.sync_api import expect

from tests.browser.customer import GOOD, Customer
from tests.browser.demo import Demo
from tests.helpers import until

AI = "ai_generations"
DAY = 86_400  # seconds
INCLUDED = 5_000  # in Growth; each further one is sold


class Program:
    """A service of the customer's: what it knows of the portal are its address and a key."""

    def __init__(self, customer: Customer, demo: Demo) -> None:
        customer.opens("/settings/api-keys")
        customer.fills(Name="Renderer")
        customer.page.get_by_label("Report usage").check()
        customer.page.get_by_label("Ask what the plan allows").check()
        customer.presses("Create key")
        self._headers = {"Authorization": f"Bearer {customer.page.get_by_label('Key', exact=True).input_value()}"}
        self._address = f"{demo.url}/api/v1"

    def reports(self, *events: dict[str, Any]) -> dict[str, Any]:
        return self._post("usage/events", list(events))

    def asks(self, estimate: int = 1) -> dict[str, Any]:
        return self._post("entitlements/check", {"meter": AI, "estimate": estimate})

    def _post(self, path: str, body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self._address}/{path}", json=body, headers=self._headers, timeout=20)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


def used(id: str, quantity: int, at: datetime | None = None) -> dict[str, Any]:
    event = {"id": id, "meter": AI, "quantity": quantity}
    return event | ({"occurred_at": at.isoformat()} if at else {})


def subjects(customer: Customer, demo: Demo) -> list[str]:
    """Of the mails about use, the oldest first."""
    return [subject for subject in demo.mailbox.subjects(customer.email)[::-1] if "AI generations" in subject]


def test_a_limit_comes_near_is_reached_and_moves_with_the_plan(newcomer: Callable[..., Customer], demo: Demo) -> None:
    mia = newcomer("Mia", "Meter Readers")
    mia.signs_up()
    mia.opens("/usage")
    mia.reads("Nothing has been counted yet.")
    program = Program(mia, demo)

    program.reports(used("1", 30))
    mia.opens("/usage")
    meter = mia.page.locator(f"#meter-{AI}")
    expect(meter).to_contain_text("30 of 50 used, 20 left")
    program.reports(used("2", 12))
    expect(meter).to_contain_text("42 of 50 used, 8 left")  # the page was not loaded again
    expect(meter).to_contain_text("84% used")
    program.reports(used("3", 8))
    expect(meter).to_contain_text("Limit reached")
    expected = ["84% of your AI generations used", "Your limit for AI generations is reached"]
    until(lambda: len(subjects(mia, demo)) == 2, "the mails about use")
    assert subjects(mia, demo) == expected

    answer = program.asks()
    assert (answer["allowed"], answer["used"], answer["limit"]) == (False, 50, 50)

    mia.chooses("Growth")
    mia.fills_the_card_form(GOOD)
    mia.presses("Pay $99.00")
    mia.is_on("Payment received")
    answer = program.asks()
    assert (answer["allowed"], answer["limit"]) == (True, INCLUDED)
    mia.opens("/usage")
    expect(meter).to_contain_text("of 5,000 used")


def test_page_api_and_stripe_say_the_same(newcomer: Callable[..., Customer], demo: Demo) -> None:
    noa = newcomer("Noa", "Same Numbers Ltd")
    noa.signs_up()
    noa.chooses("Growth")
    noa.fills_the_card_form(GOOD)
    noa.presses("Pay $99.00")
    noa.is_on("Payment received")
    program = Program(noa, demo)
    now = demo.sandbox.now()

    demo.sandbox.turn_clock("3 hours")
    batch = [used(f"day-{number}", 1_000, now + timedelta(minutes=number)) for number in range(1, 6)]
    assert program.reports(*batch[::-1]) == {"new": 5, "repeated": 0}  # out of order
    assert program.reports(*batch, used("more", 7)) == {"new": 1, "repeated": 5}
    assert program.reports(used("late", 5, now + timedelta(minutes=2))) == {"new": 1, "repeated": 0}

    noa.opens("/usage")
    noa.reads("5,012 used, 12 beyond the 5,000 included")
    noa.reads("12 beyond so far: $0.24 before tax.")
    assert program.asks()["used"] == INCLUDED + 12
    until(lambda: sold(demo, noa) == 12, "what is beyond to stand at Stripe")

    sets_a_budget(noa)
    assert program.asks(488)["reason"] == "overage"
    assert program.asks(489)["reason"] == "exceeds_budget"
    noa.follows("Change budget for AI generations")
    noa.presses("Remove budget")
    noa.is_on("Usage")
    assert program.asks(489)["reason"] == "overage"


def sets_a_budget(customer: Customer) -> None:
    """Of 5,500, which stops; after a mistake, and with its price before it is set."""
    customer.opens("/usage")
    customer.follows("Set budget for AI generations")
    customer.is_on("Budget for AI generations")
    customer.fills(Budget="many")
    customer.presses("Set budget")
    customer.reads("Enter a number, such as 8,000.")
    customer.fills(Budget="5,500")
    customer.reads("500 beyond the 5,000 your plan includes: $10.00 before tax.")
    customer.page.get_by_label("Stop: ").check()
    customer.presses("Set budget")
    customer.is_on("Usage")
    customer.reads(
        "Budget 5,500, $10.00 before tax beyond your plan; 488 of it left. Your programs are told to stop there."
    )


def sold(demo: Demo, customer: Customer) -> float:
    """What Stripe's meter has of this customer."""
    (stripe_customer,) = demo.sandbox.objects("customers", email=customer.email)
    meter = next(meter for meter in demo.sandbox.objects("billing/meters") if meter["event_name"] == AI)
    start = int(demo.sandbox.now().timestamp()) // DAY * DAY - 40 * DAY
    span = {"start_time": str(start), "end_time": str(start + 80 * DAY)}
    path = f"billing/meters/{meter['id']}/event_summaries"
    return sum(
        found["aggregated_value"] for found in demo.sandbox.objects(path, customer=stripe_customer["id"], **span)
    )
