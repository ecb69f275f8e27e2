"""Whole days, and how a period is cut into columns."""

from datetime import UTC, date, datetime

import pytest

from app.revenue.periods import Period, presets


def days(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


def test_both_days_are_included():
    period = days("2026-01-01", "2026-01-31")
    assert (period.begins_at, period.ends_at) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("first", "last", "unit", "columns"),
    [
        ("2026-01-15", "2026-01-15", "day", 1),
        ("2026-01-01", "2026-01-31", "day", 31),
        ("2026-01-01", "2026-03-01", "week", 9),
        ("2026-01-15", "2026-12-03", "month", 12),
    ],
)
def test_a_longer_period_has_wider_columns(first: str, last: str, unit: str, columns: int):
    parts = days(first, last).parts()
    assert (days(first, last).unit, len(parts)) == (unit, columns)
    assert (parts[0].first.isoformat(), parts[-1].last.isoformat()) == (first, last)


def test_presets_end_today_or_with_the_last_month():
    found = presets(date(2026, 1, 10))
    assert found["last-month"] == days("2025-12-01", "2025-12-31")
    assert found["12-months"] == days("2025-02-01", "2026-01-10")
    assert found["30-days"] == days("2025-12-12", "2026-01-10")
