"""Windows: in which stretch of time a meter counts before it starts afresh."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.models import Window as Kind
from app.usage import windows
from app.usage.windows import Course, Window

ZONE = ZoneInfo("Europe/Berlin")


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def billing(course: Course, instant: str) -> Window:
    return windows.at(Kind.BILLING_PERIOD, course, on(instant))


def between(begins: str, ends: str) -> Window:
    return Window(on(begins), on(ends))


FREE = Course(on("2026-01-31T10:00"), ZONE)


def paid(begins: str, ends: str, **facts) -> Course:
    return Course(on("2025-06-01"), ZONE, since=on(begins), begins_at=on(begins), ends_at=on(ends), **facts)


@pytest.mark.parametrize(
    ("instant", "begins", "ends"),
    [
        ("2026-02-01", "2026-01-31T10:00", "2026-02-28T10:00"),
        ("2026-02-28T10:00", "2026-02-28T10:00", "2026-03-31T10:00"),
        ("2026-03-31T09:59:59", "2026-02-28T10:00", "2026-03-31T10:00"),
        ("2026-04-30T10:00", "2026-04-30T10:00", "2026-05-31T10:00"),
        ("2028-02-29T10:00", "2028-02-29T10:00", "2028-03-31T10:00"),
    ],
)
def test_free_is_monthly_from_the_day_the_organization_was_made(instant: str, begins: str, ends: str):
    assert billing(FREE, instant) == between(begins, ends)


def test_a_monthly_plan_has_the_period_that_is_paid_for():
    course = paid("2026-02-28", "2026-03-31")
    assert billing(course, "2026-03-15") == between("2026-02-28", "2026-03-31")


@pytest.mark.parametrize(
    ("instant", "begins", "ends"),
    [
        ("2026-01-31", "2026-01-31", "2026-02-28"),
        ("2026-03-01", "2026-02-28", "2026-03-31"),
        ("2026-12-31", "2026-12-31", "2027-01-31"),
    ],
)
def test_a_plan_by_the_year_counts_by_the_month(instant: str, begins: str, ends: str):
    assert billing(paid("2026-01-31", "2027-01-31"), instant) == between(begins, ends)


def test_a_renewal_that_nobody_heard_of_yet_begins_a_window_all_the_same():
    course = paid("2026-01-31", "2026-02-28")
    assert billing(course, "2026-02-28") == between("2026-02-28", "2026-03-31")


def test_a_trial_is_a_window_of_its_own():
    course = paid("2026-03-01", "2026-03-15", is_trial=True)
    assert billing(course, "2026-03-10") == between("2026-03-01", "2026-03-15")
    assert billing(course, "2026-03-15") == between("2026-03-15", "2026-04-15")


def test_a_first_purchase_cuts_the_free_window():
    course = paid("2026-03-10", "2026-04-10")
    assert billing(course, "2026-03-09") == between("2026-03-01", "2026-03-10")
    assert billing(course, "2026-03-10") == between("2026-03-10", "2026-04-10")


def test_after_the_end_free_windows_go_on_where_the_subscription_stopped():
    course = paid("2026-03-10", "2026-04-10", over_at=on("2026-03-20"))
    assert billing(course, "2026-03-19") == between("2026-03-10", "2026-03-20")
    assert billing(course, "2026-03-20") == between("2026-03-20", "2026-04-01")
    assert billing(course, "2026-04-01") == between("2026-04-01", "2026-05-01")


def test_a_month_of_the_calendar_is_the_organizations_own():
    window = windows.at(Kind.CALENDAR_MONTH, FREE, on("2026-03-31T21:59:59"))
    assert window == between("2026-02-28T23:00", "2026-03-31T22:00")


def test_never_is_one_window_without_an_end():
    assert windows.at(Kind.NEVER, FREE, on("2031-01-01")) == Window(FREE.created_at, None)


# Whatever the dates, windows tile time: every instant lies in one, and each begins where the one before it ends.

INSTANTS = st.integers(0, 7 * 366 * 86400).map(lambda seconds: on("2024-01-01") + timedelta(seconds=seconds))
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Apia"]
)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    created, zone = draw(INSTANTS), ZoneInfo(draw(ZONES))
    if draw(st.booleans()):
        return Course(created, zone)
    since = draw(INSTANTS)
    begins = windows.add_months(since, draw(st.integers(0, 12)))
    is_trial = draw(st.booleans())
    ends = begins + timedelta(days=draw(st.integers(1, 90))) if is_trial else windows.add_months(begins, 1)
    if not is_trial and draw(st.booleans()):
        ends = windows.add_months(begins, 12)
    over = draw(st.none() | st.integers(1, 1000).map(lambda hours: begins + timedelta(hours=hours)))
    return Course(created, zone, since, begins, ends, is_trial, over)


@given(courses(), INSTANTS, st.sampled_from([Kind.BILLING_PERIOD, Kind.CALENDAR_MONTH]))
def test_windows_tile_time(course: Course, instant: datetime, kind: Kind):
    window = windows.at(kind, course, instant)
    assert window.ends_at is not None
    assert window.holds(instant)
    assert window.begins_at.utcoffset() == window.ends_at.utcoffset() == timedelta()
    assert windows.at(kind, course, window.begins_at) == window
    assert windows.at(kind, course, window.ends_at - timedelta(microseconds=1)) == window
    assert windows.at(kind, course, window.ends_at).begins_at == window.ends_at
    assert windows.at(kind, course, window.begins_at - timedelta(microseconds=1)).ends_at == window.begins_at
    assert window.ends_at - window.begins_at <= timedelta(days=31, hours=1)
