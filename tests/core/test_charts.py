"""A chart is drawn by the server: a round scale with zero in it, columns in percent, words for who cannot see it."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from flask import Flask, get_template_attribute

from app.core import charts, i18n
from app.core.charts import HEIGHT, Chart, Line, Series, columns, scale


def decimals(*numbers: str | int) -> list[Decimal]:
    return [Decimal(number) for number in numbers]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        ("0", "0", ["0", "1"]),
        ("0", "1", ["0", "1"]),
        ("0", "3", ["0", "1", "2", "3"]),
        ("0", "412", ["0", "100", "200", "300", "400", "500"]),
        ("0", "10000000", ["0", "2000000", "4000000", "6000000", "8000000", "10000000"]),
        ("-70", "130", ["-100", "-50", "0", "50", "100", "150"]),
        ("-12", "0", ["-15", "-10", "-5", "0"]),
    ],
)
def test_a_scale_is_round_and_holds_zero_and_both_ends(low: str, high: str, ticks: list[str]):
    assert scale(Decimal(low), Decimal(high)) == decimals(*ticks)


def test_a_scale_of_fractions_has_steps_below_one():
    assert scale(Decimal(0), Decimal("0.42"), whole=False) == decimals("0", "0.1", "0.2", "0.3", "0.4", "0.5")


def chart(*series: Series, labels: Sequence[str] | None = None, line: Line | None = None) -> Chart:
    names = labels or [str(number) for number in range(len(series[0].values))]
    return columns([(name, f"Day {name}") for name in names], series, line=line)


def test_a_column_reaches_its_value():
    drawn = chart(Series("Views", decimals(0, 250, 500)))
    heights = [[bar.height for bar in column.bars] for column in drawn.columns]
    assert heights == [[], [HEIGHT / 2], [HEIGHT]]


def test_what_is_little_can_still_be_seen():
    drawn = chart(Series("Views", decimals(1, 100000)))
    assert drawn.columns[0].bars[0].height == 1


def test_gains_stack_upward_and_losses_hang_down():
    gained, more = Series("New", decimals(40), "up"), Series("Expansion", decimals(10), "more")
    less, lost = Series("Contraction", decimals(-20), "down"), Series("Churn", decimals(-30), "gone")
    drawn = chart(gained, more, less, lost)
    up, above, below, under = drawn.columns[0].bars
    assert up.y + up.height == drawn.zero == below.y
    assert above.y + above.height == up.y
    assert under.y == below.y + below.height


def test_a_limit_within_reach_is_on_the_scale_and_one_far_above_is_not():
    series = Series("Storage", decimals(30, 40))
    near, far = (chart(series, line=Line(Decimal(value), "Included")) for value in (100, 1000))
    assert [near.line and near.line.label, near.ticks[-1].label] == ["Included", "100"]
    assert [far.line, far.ticks[-1].label] == [None, "40"]


def test_labels_leave_room_for_one_another():
    month = chart(Series("Views", decimals(*range(31))), labels=[f"{day} Nov" for day in range(1, 32)])
    shown = [column.label for column in month.columns if column.shown == "always"]
    assert len(shown) * (6 * charts.LETTER + charts.GAP) <= charts.NARROW + 6 * charts.LETTER + charts.GAP
    assert shown[0] == "1 Nov"
    assert any(column.shown == "wide" for column in month.columns)


@pytest.mark.parametrize(("days", "anchors"), [(1, ["middle"]), (7, ["middle", "middle"]), (13, ["start", "end"])])
def test_labels_stay_within_the_plot(days: int, anchors: list[str]):
    drawn = chart(Series("Views", decimals(*range(days))), labels=[f"{day} Nov" for day in range(11, 11 + days)])
    shown = [column.anchor for column in drawn.columns if column.shown == "always"]
    assert [shown[0], shown[-1]][:days] == anchors


def test_lines_end_with_the_last_column():
    assert [chart(Series("Views", decimals(*range(days)))).width for days in (2, 7, 30)] == [Decimal("28.57"), 100, 100]


def test_the_scale_is_written_as_the_reader_writes_numbers():
    with i18n.using("en_US", "UTC"):
        assert [i18n.compact(Decimal(number)) for number in (0, 1500, -2000000)] == ["0", "1.5K", "−2M"]
    with i18n.using("de_DE", "UTC"):
        assert [i18n.compact(Decimal(number)) for number in (1500, 2500000)] == ["1.500", "2,5\xa0Mio."]


def page_of(app: Flask, drawn: Chart, *words: str) -> BeautifulSoup:
    with app.test_request_context(base_url=app.extensions["settings"].public_url):
        macro = get_template_attribute("_ui/chart.html", "column_chart")
        return BeautifulSoup(macro(drawn, *words), "html.parser")


def test_a_drawing_has_a_title_a_description_and_its_table(whole_app: Flask):
    drawn = chart(Series("Views", decimals(5, 1200)), labels=["1 Nov", "2 Nov"])
    page = page_of(whole_app, drawn, "views", "Views a day", "Most on 2 Nov.", "Day")
    plot = page.find("svg", role="img")
    named = [page.find(id=name).text for name in plot["aria-labelledby"].split()]
    rows = [[cell.text for cell in row.find_all("td")] for row in page.select("details tbody tr")]
    assert named == ["Views a day", "Most on 2 Nov."]
    assert rows == [["Day 1 Nov", "5"], ["Day 2 Nov", "1,200"]]


def test_several_series_have_a_legend_and_a_column_each(whole_app: Flask):
    drawn = chart(Series("New", decimals(5), "up"), Series("Churn", decimals(-3), "gone"))
    page = page_of(whole_app, drawn, "movements", "Movements", "", "Month")
    assert [item.text.strip() for item in page.select(".chart-legend li")] == ["New", "Churn"]
    assert [head.text for head in page.select("thead th")] == ["Month", "New", "Churn"]
