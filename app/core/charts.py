"""Column charts as numbers a template can draw: scale, columns and labels; no script, no colours, no nouns.

Across everything is in percent of the plot, so that it fits any screen; upward it is in pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from . import i18n

HEIGHT = 180
"""Pixels from the lowest line of the scale to the highest."""
STEPS = 5
REACH = 4
"""A line further above the columns than so many times their height would flatten them: it is left to the words."""
WIDE, NARROW = 640, 230
"""Pixels that the labels below the columns can count on, on a desk and on a phone."""
LETTER, GAP = 7, 18
FEWEST = 7
"""Columns there is always room for, so that a single one is not a wall."""

Words = Callable[[Decimal], str]


@dataclass(frozen=True)
class Series:
    """One value per column; below zero it hangs down. `tone`: accent, or up, more, down, gone (see static/css/chart.css)."""

    name: str
    values: Sequence[Decimal]
    tone: str = "accent"


@dataclass(frozen=True)
class Line:
    """A value across all columns: a limit, a goal."""

    value: Decimal
    label: str


@dataclass(frozen=True)
class Bar:
    y: Decimal
    height: Decimal
    tone: str


@dataclass(frozen=True)
class Column:
    """`shown` says where its label has room: "" nowhere, "wide", or "always"."""

    label: str
    title: str
    x: Decimal
    bars: tuple[Bar, ...]
    values: tuple[str, ...]
    shown: str
    anchor: str


@dataclass(frozen=True)
class Mark:
    y: Decimal
    label: str


@dataclass(frozen=True)
class Chart:
    """What `templates/_ui/chart.html` draws, and the table behind it."""

    series: tuple[Series, ...]
    columns: tuple[Column, ...]
    ticks: tuple[Mark, ...]
    zero: Decimal
    line: Mark | None
    band: Decimal
    """Width of a column with its gap, in percent."""
    gutter: int
    """Pixels that the longest label of the scale needs."""
    width: Decimal
    """How far the columns go, in percent of the plot: lines end with the last one."""


def scale(low: Decimal, high: Decimal, whole: bool = True) -> list[Decimal]:
    """Round numbers from at or below `low` to at or above `high`, zero among them, about five steps apart by 1, 2 or 5."""
    low, high = min(low, Decimal(0)), max(high, Decimal(0))
    if low == high:
        high = Decimal(1)
    step = _round_step((high - low) / STEPS)
    step = max(step, Decimal(1)) if whole else step
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    return [step * number for number in range(int(first), int(last) + 1)]


def _round_step(rough: Decimal) -> Decimal:
    unit = Decimal(10) ** rough.adjusted()
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)


def columns(
    labels: Sequence[tuple[str, str]],
    series: Sequence[Series],
    words: Words = i18n.quantity,
    axis: Words = i18n.compact,
    line: Line | None = None,
) -> Chart:
    """A chart with a column per label, given short (below it) and whole (in its title and the table).

    `words` writes a value in full, `axis` beside the scale. Money comes as Decimal of minor units with words of its own.
    """
    tops, bottoms = _sums(series, 1), _sums(series, -1)
    high, low = max(tops, default=Decimal(0)), min(bottoms, default=Decimal(0))
    reached = line is not None and line.value <= max(high, -low) * REACH
    values = [value for one in series for value in one.values]
    whole = all(value == value.to_integral_value() for value in values)
    ticks = scale(low, max(high, line.value) if line and reached else high, whole)
    place = _Place(ticks[0], ticks[-1])
    marks = tuple(Mark(place.y(tick), axis(tick)) for tick in ticks)
    return Chart(
        series=tuple(series),
        columns=tuple(_columns(labels, series, words, place)),
        ticks=marks,
        zero=place.y(Decimal(0)),
        line=Mark(place.y(line.value), line.label) if line and reached else None,
        band=_rounded(Decimal(100) / max(len(labels), FEWEST)),
        gutter=max(len(mark.label) for mark in marks) * LETTER + GAP // 2,
        width=_rounded(Decimal(100) * len(labels) / max(len(labels), FEWEST)),
    )


@dataclass(frozen=True)
class _Place:
    low: Decimal
    high: Decimal

    def y(self, value: Decimal) -> Decimal:
        return _rounded((self.high - value) / (self.high - self.low) * HEIGHT)


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"))


def _sums(series: Sequence[Series], sign: int) -> list[Decimal]:
    """What is stacked above zero (1) or hangs below it (-1), per column."""
    rows = zip(*(one.values for one in series), strict=True)
    return [sum((value for value in row if value * sign > 0), Decimal(0)) for row in rows]


def _columns(labels: Sequence[tuple[str, str]], series: Sequence[Series], words: Words, place: _Place) -> list[Column]:
    rows = list(zip(*(one.values for one in series), strict=True))
    always, wide = _every(labels, NARROW), _every(labels, WIDE)
    always = -(-always // wide) * wide
    found = []
    for number, ((label, title), row) in enumerate(zip(labels, rows, strict=True)):
        shown = "always" if number % always == 0 else "wide" if number % wide == 0 else ""
        x = Decimal(100) * number / max(len(labels), FEWEST)
        said = tuple(words(value) for value in row)
        found.append(
            Column(
                label, title, _rounded(x), _stack(series, row, place), said, shown, _anchor(label, number, len(labels))
            )
        )
    return found


def _every(labels: Sequence[tuple[str, str]], room: int) -> int:
    """Each how many-th label is written so that they do not touch."""
    longest = max((len(label) for label, _ in labels), default=1) * LETTER + GAP
    return max(1, -(-len(labels) * longest // room))


def _anchor(label: str, number: int, of: int) -> str:
    """A label that would reach beyond an edge of a narrow plot, by more than a letter, begins or ends with its column."""
    band = NARROW / max(of, FEWEST)
    middle, half = (number + 0.5) * band, len(label) * LETTER / 2
    if middle < half - LETTER:
        return "start"
    return "end" if middle + half > NARROW + LETTER else "middle"


def _stack(series: Sequence[Series], row: Sequence[Decimal], place: _Place) -> tuple[Bar, ...]:
    """From zero outward; what is not nothing can be seen."""
    reached = {True: Decimal(0), False: Decimal(0)}
    bars = []
    for one, value in zip(series, row, strict=True):
        if not value:
            continue
        start = reached[value > 0]
        end = reached[value > 0] = start + value
        top, bottom = place.y(max(start, end)), place.y(min(start, end))
        height = max(bottom - top, Decimal(1))
        bars.append(Bar(bottom - height if value > 0 else top, height, one.tone))
    return tuple(bars)
