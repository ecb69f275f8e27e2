"""Days of use as a CSV file, for a spreadsheet or another program."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO

from app.catalog.tree import Meter

BOM = "\ufeff"
"""By which Excel knows UTF-8; other programs skip it."""
COLUMNS = ("day", "meter", "name", "used", "unit")
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(meters: Sequence[Meter], days: Sequence[date], used: Mapping[tuple[str, date], Decimal]) -> Iterator[str]:
    """A row for each day and meter, in this order; numbers with a point, whatever the reader's language is."""
    yield BOM + _line(COLUMNS)
    for day in days:
        for meter in meters:
            amount = used.get((meter.key, day), Decimal(0))
            yield _line((day.isoformat(), meter.key, meter.name, f"{amount:f}", meter.unit))


def _line(cells: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet takes what begins like a formula for one (https://owasp.org/www-community/attacks/CSV_Injection)."""
    return f"'{cell}" if cell.startswith(BEGINS_A_FORMULA) else cell
