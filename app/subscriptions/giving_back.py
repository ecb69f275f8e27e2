"""Which invoice gives back what of unused time: never more than came in with it and was not given back already."""

from collections import Counter
from dataclasses import dataclass

from app.gateway import cancellations
from app.gateway.cancellations import LeftRecord


@dataclass(frozen=True)
class Part:
    """What an invoice gives back, in minor units: to the card that paid it, and to the balance."""

    invoice: str
    refund: int
    credit: int

    @property
    def amount(self) -> int:
        return self.refund + self.credit


def share(unused: dict[str, int], *, to_card: bool) -> tuple[Part, ...]:
    """Spread what is `unused`, in minor units by the invoice that asked for it, over the invoices that were paid.

    After a change an invoice asked for less than its plan costs: the unused time of an earlier one paid the rest, and that
    one gives it back. What somebody gave back before is not given back again. With `to_card` a card gets what came from it.
    """
    known: dict[str, LeftRecord] = {}
    asked: Counter[str] = Counter()
    carried: Counter[tuple[str, str]] = Counter()
    waiting = sorted(unused.items())
    while waiting:
        invoice, amount = waiting.pop(0)
        known[invoice] = found = known.get(invoice) or cancellations.left_of(invoice)
        own = min(amount, found.total - asked[invoice])
        asked[invoice] += own
        rest = amount - own
        for earlier, paid in sorted(found.credited.items()):
            part = min(rest, paid - carried[invoice, earlier])
            if part > 0:
                carried[invoice, earlier] += part
                rest -= part
                waiting.append((earlier, part))
    parts = (_part(invoice, min(asked[invoice], found.left), found, to_card) for invoice, found in known.items())
    return tuple(part for part in parts if part.amount)


def _part(invoice: str, amount: int, found: LeftRecord, to_card: bool) -> Part:
    """A card gets back at most what came from it; what a balance paid goes back there."""
    refund = min(amount, found.to_card) if to_card else 0
    return Part(invoice, refund, amount - refund)
