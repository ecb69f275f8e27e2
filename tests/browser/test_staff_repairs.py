"""An event that failed too often: staff sees it, reads it, and sends it round again when the cause is gone."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from app.admin.guards import FRESH
from app.auth.models import UserSession
from app.core import clock
from app.core.leases import MAX_ATTEMPTS
from app.webhooks.models import EventState, InboxEvent
from tests.browser.customer import PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.gateway.faults import falter

FITS = "document.documentElement.scrollWidth <= window.innerWidth"


def change(demo: Demo, statement: sa.Executable) -> None:
    engine = sa.create_engine(demo.env["DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()


def poison(demo: Demo) -> str:
    """An event on its last attempt, about a customer whom Stripe cannot show three times in a row; answers its id."""
    (customer,) = demo.sandbox.objects("customers", email=demo.env["ADA_EMAIL"])
    falter(demo.sandbox, {"call": "error", "when": "before", "path": f"/v1/customers/{customer['id']}", "count": 3})
    event = f"evt_{secrets.token_hex(12)}"
    data = {"object": {"id": customer["id"], "object": "customer", "name": customer["name"], "balance": 4711}}
    row = {
        "event_id": event,
        "type": "customer.updated",
        "object_type": "customer",
        "object_id": customer["id"],
        "customer": customer["id"],
        "payload": {"id": event, "type": "customer.updated", "livemode": False, "data": data},
        "state": EventState.RECEIVED,
        "created_at": clock.wall(),
        "received_at": clock.wall(),
        "attempts": MAX_ATTEMPTS - 1,
    }
    change(demo, sa.insert(InboxEvent).values(**row))
    return event


@pytest.fixture
def staff(newcomer: Callable[..., Customer], demo: Demo) -> Callable[..., Customer]:
    """Sam at a browser of his own."""

    def arrive(**device: Any) -> Customer:
        sam = newcomer("Sam", "Counterfoil", **device)
        sam.signs_in(demo.env["SAM_EMAIL"], demo.env["SAM_PASSWORD"])
        return sam

    return arrive


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT], ids=["wide", "phone"])
def test_a_parked_event_is_read_and_replayed(
    staff: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    event = poison(demo)
    sam = staff(**device)
    sam.opens("/admin/webhooks")
    sam.is_on("Webhooks")
    sam.fills(Object_or_event=event)
    sam.presses("Filter")
    row = sam.page.get_by_role("row").filter(has_text="Analytical Engines")
    sam.waits_for(sam.page.url, row.filter(has_text="Parked"))
    assert sam.page.evaluate(FITS)

    sam.follows("customer.updated")
    sam.is_on("customer.updated")
    payload = sam.page.locator(".payload")
    expect(payload).to_contain_text('"balance": 4711')
    expect(payload).to_contain_text('"name": "[withheld]"')
    sam.reads("GatewayUnavailable")
    assert sam.page.evaluate(FITS)

    sam.presses("Replay")
    expect(sam.page.locator("#flashes")).to_have_text("1 event was sent round again.")
    sam.waits_for(sam.page.url, sam.page.get_by_text("Processed for the first time"))
    sam.reads("Sent round again")


def test_without_javascript(staff: Callable[..., Customer], demo: Demo) -> None:
    event = poison(demo)
    sam = staff(java_script_enabled=False, **WIDE)
    long_ago = sa.update(UserSession).values(fresh_at=clock.wall() - FRESH * 2)
    change(demo, long_ago)
    sam.opens(f"/admin/webhooks?about={event}")
    sam.is_on("Sign in again")
    sam.fills(Password=demo.env["SAM_PASSWORD"])
    sam.presses("Sign in")
    sam.is_on("Webhooks")
    sam.waits_for(sam.page.url, sam.page.get_by_role("row").filter(has_text="Parked"))

    sam.page.get_by_label(f"Choose {event}").check()
    sam.presses("Discard")
    sam.is_on("Discard 1 event?")
    sam.fills(Reason="the account was a trial")
    sam.presses("Discard")
    sam.reads("Discarded")

    sam.page.get_by_label("All on this page").check()
    sam.presses("Replay")
    sam.waits_for(sam.page.url, sam.page.get_by_role("row").filter(has_text="Processed"))
