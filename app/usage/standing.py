"""How an organization stands with a meter, as pages and checks see it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.catalog.models import Behaviour
from app.catalog.tree import Meter, Overage


@dataclass(frozen=True)
class Budget:
    """What an organization set itself for a window of a meter: `amount` is in units of the meter, `levels` are percent of it.

    With `stops` checks deny what goes beyond it; what is reported counts all the same.
    """

    id: int
    amount: Decimal
    levels: tuple[int, ...]
    stops: bool


@dataclass(frozen=True)
class Standing:
    """`used` in the window from `begins_at` to `resets_at`, half-open, UTC; None never resets.

    `limit` None is unlimited. `overage_price` is what one unit more costs, where more is sold: not in a trial. `counted_at` is when an
    event last counted, None before the first.
    """

    meter: Meter
    limit: Decimal | None
    behaviour: Behaviour
    used: Decimal
    begins_at: datetime
    resets_at: datetime | None
    overage_price: Overage | None = None
    counted_at: datetime | None = None
    budget: Budget | None = None

    @property
    def remaining(self) -> Decimal | None:
        """What is left of the limit, never less than nothing; None is unlimited."""
        return None if self.limit is None else max(self.limit - self.used, Decimal(0))

    @property
    def percent(self) -> int | None:
        """Whole percent of the limit that are used, rounded down; of a limit of nothing all. None is unlimited."""
        if self.limit is None:
            return None
        return int(self.used * 100 / self.limit) if self.limit else 100

    @property
    def beyond(self) -> Decimal:
        """What was used beyond the limit."""
        return Decimal(0) if self.limit is None else max(self.used - self.limit, Decimal(0))

    @property
    def is_hard(self) -> bool:
        """Nothing passes the limit."""
        return self.limit is not None and self.behaviour is Behaviour.HARD

    @property
    def stopping(self) -> Decimal | None:
        """Where a budget of its own stops it; None without such, and where the plan's limit comes first."""
        if self.budget is None or not self.budget.stops or self.is_out_of_reach(self.budget.amount):
            return None
        return self.budget.amount

    @property
    def is_budget_reached(self) -> bool:
        return self.budget is not None and self.used >= self.budget.amount

    def is_out_of_reach(self, amount: Decimal) -> bool:
        """The plan lets nothing pass that far."""
        return self.limit is not None and self.is_hard and self.limit < amount


@dataclass(frozen=True)
class Day:
    """What a meter counted on a day of the organization's time zone: the sum, or the last or highest level of that day."""

    day: date
    used: Decimal
