"""What comes next, as Stripe said when it was asked, and only as long as it was asked about what is so now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.money import Money

from .explanations.lines import Line, restored


@dataclass(frozen=True)
class NextLine:
    """A line of the next charge in Stripe's words; `facts` are its own, None where only these two are known."""

    description: str
    amount: Money
    facts: Line | None


@dataclass(frozen=True)
class NextCharge:
    """`as_of` is when Stripe was asked, business time; None for one that was kept before this was noted."""

    amount: Money
    at: datetime
    as_of: datetime | None
    lines: list[NextLine]


def read(stored: dict[str, Any] | None, basis: dict[str, Any]) -> NextCharge | None:
    """The charge in `stored`, if it was worked out from `basis`: another plan, period or discount charges otherwise."""
    if not stored or stored.get("basis", basis) != basis:
        return None
    currency, as_of = stored["currency"], stored.get("as_of")
    return NextCharge(
        amount=Money(stored["amount"], currency),
        at=datetime.fromisoformat(stored["at"]),
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        lines=[
            NextLine(line["description"], Money(line["amount"], currency), restored(line, currency))
            for line in stored["lines"]
        ],
    )
