"""How the account bills, which a real account sets in its dashboard: retries and what follows them, ``invoice.upcoming``.

Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries (custom schedules and final actions).
Simplifications: Smart Retries are not played; a schedule may have up to eight retries, where a custom one has three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.core import Sandbox

RECORD = ("_billing_settings", "account")
DAY = 86400
MOST_RETRIES = 8
MOST_DAYS = 60
DEFAULTS: dict[str, Any] = {
    "retries": [3, 5, 7],
    "after_retries": "past_due",
    "invoice_after_retries": "open",
    "upcoming_days": 3,
}
"""``retries``: days from each failed try to the next, none switches retries off. The others: see :data:`CHOICES`."""
CHOICES = {
    "after_retries": ("past_due", "unpaid", "cancel", "pause"),
    "invoice_after_retries": ("open", "uncollectible"),
}
"""What becomes of the subscription after the last retry, and of the invoice of one that is canceled then."""


def of(box: Sandbox) -> dict[str, Any]:
    """The settings as they are."""
    record = box.store.get(*RECORD) or {}
    return {name: record.get(name, default) for name, default in DEFAULTS.items()}


def change(box: Sandbox, wish: dict[str, Any]) -> None:
    """Set what the wish names; ValueError, with a sentence for its author, when that makes no sense."""
    for name, value in wish.items():
        _check(name, value)
    record = box.store.get(*RECORD)
    if record is None:
        record = box.store.add({"object": RECORD[0], "id": RECORD[1], **DEFAULTS})
    box.store.update(record, **wish)
    for subscription in box.store.list("subscription"):
        box.store.update(subscription, _upcoming_ahead=upcoming_ahead(box))


def upcoming_ahead(box: Sandbox) -> int:
    """Seconds from ``invoice.upcoming`` to the renewal it announces."""
    return int(of(box)["upcoming_days"]) * DAY


def retry_after(box: Sandbox, tries: int) -> int | None:
    """Seconds until an invoice that failed so many times is tried again; None when it is not."""
    days: list[int] = of(box)["retries"]
    return days[tries - 1] * DAY if tries <= len(days) else None


def _check(name: str, value: Any) -> None:
    if name not in DEFAULTS:
        raise ValueError(f"{name}: there is no such setting, only {', '.join(DEFAULTS)}")
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise ValueError(f"{name}: one of {', '.join(CHOICES[name])}")
    elif name == "upcoming_days":
        if not _is_days(value):
            raise ValueError(f"upcoming_days: a whole number of days from 1 to {MOST_DAYS}")
    elif not isinstance(value, list) or len(value) > MOST_RETRIES or not all(_is_days(one) for one in value):
        raise ValueError(f"retries: a list of at most {MOST_RETRIES} whole numbers of days from 1 to {MOST_DAYS}")


def _is_days(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_DAYS
