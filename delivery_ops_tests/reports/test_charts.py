"""Pictures: true to the figures by geometry, harmless in a page, readable on a phone in light and in dark."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree
from markupsafe import Markup

from delivery_ops.reports import charts
from delivery_ops.reports.data import ReportData
from delivery_ops.reports.marts import DeliverableCredit, SearchDay
from delivery_ops_tests.reports.records import MODELS, splits

SVG = "{http://www.w3.org/2000/svg}"
DRAWING = {"svg", "title", "desc", "g", "path", "line", "rect", "text"}
STYLE = (Path(charts.__file__).parent / "report.css").read_text(encoding="utf-8")
MARKS = "mark-rect role-mark layer_0_marks"
BAR = re.compile(r"M(-?[\d.]+),(-?[\d.]+)h(-?[\d.]+)v(-?[\d.]+)h(-?[\d.]+)Z")


def pictures(data: ReportData) -> list[Markup]:
    trends = defaultdict(list)
    for day in data.search:
        trends[day.property].append(day)
    moved = [revenue for revenue in data.revenue if revenue.volume_minor]
    return [
        *([charts.gate_verdicts(data.gates)] if data.gates else []),
        *(
            charts.credit_by_model(rows, data.models, revenue.currency)
            for revenue in moved
            if (rows := [row for row in data.top_deliverables if row.currency == revenue.currency])
        ),
        *(
            charts.credit_splits(
                [split for split in data.credit_splits if split.currency == revenue.currency],
                data.models,
                revenue.currency,
            )
            for revenue in moved
        ),
        *(charts.search_trend(days) for days in list(trends.values())[:2]),
    ]


def bars(picture: str) -> dict[str, list[tuple[float, float, float]]]:
    """The drawn bars by colour, as (left edge, top edge, width), in drawing order."""
    found = defaultdict(list)
    for path in etree.fromstring(picture).findall(f".//{SVG}g[@class='{MARKS}']/{SVG}path"):
        if match := BAR.fullmatch(path.get("d", "")):
            left, top, width = (float(number) for number in match.group(1, 2, 3))
            found[path.get("fill")].append((left, top, width))
    return dict(found)


@pytest.mark.parametrize("operation", ["ordinary", "several_currencies", "hostile"])
def test_a_picture_draws_and_does_nothing_else(operation: str, request: pytest.FixtureRequest) -> None:
    drawn = pictures(request.getfixturevalue(operation))
    assert drawn
    for picture in drawn:
        root = etree.fromstring(picture)
        assert {etree.QName(element).localname for element in root.iter()} <= DRAWING
        attributes = {str(name) for element in root.iter() for name in element.attrib}
        assert not [name for name in attributes if name.startswith("on") or "href" in name or name == "style"]


def test_every_colour_is_one_that_the_page_defines(ordinary: ReportData) -> None:
    defined = set(re.findall(r"(--[\w-]+):", STYLE))
    for picture in pictures(ordinary):
        for element in etree.fromstring(picture).iter():
            for colour in (element.get("fill"), element.get("stroke")):
                if colour not in (None, "none", "transparent"):
                    assert re.fullmatch(r"var\((--[\w-]+)\)", colour), colour
                    assert colour[4:-1] in defined


@pytest.mark.parametrize("operation", ["ordinary", "hostile"])
def test_a_picture_fills_a_phone_with_text_of_14_pixels(operation: str, request: pytest.FixtureRequest) -> None:
    for picture in pictures(request.getfixturevalue(operation)):
        root = etree.fromstring(picture)
        left, top, width, _ = (float(number) for number in root.get("viewBox", "").split())
        assert (left, top) == (0, 0)
        assert width <= 390 - 2 * 16  # a phone less the page's margins: it is never scaled down there
        assert root.get("width") is None
        sizes = {float(text.get("font-size", "0").removesuffix("px")) for text in root.iter(f"{SVG}text")}
        assert min(sizes) >= 14


def test_a_screen_reader_is_told_what_it_shows(ordinary: ReportData) -> None:
    root = etree.fromstring(charts.gate_verdicts(ordinary.gates))
    assert root.get("role") == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == "Verdicts by gate"
    assert "schemaCheck: 33 pass, 4 fail, 0 fail but monitored only, 1 could not be measured" in (root[1].text or "")


def test_gate_bars_are_as_long_as_their_counts(ordinary: ReportData) -> None:
    drawn = bars(charts.gate_verdicts(ordinary.gates))
    counts = {"pass": (33, 32), "fail": (4, 0), "monitor": (0, 5), "error": (1, 1)}
    unit = drawn["var(--pass)"][0][2] / 33
    for verdict, expected in counts.items():
        widths = [width for _, _, width in drawn[f"var(--{verdict})"]]
        assert widths == pytest.approx([number * unit for number in expected], rel=1e-6)
    ends = [left + width for left, _, width in drawn["var(--error)"]]
    assert ends == pytest.approx([330, 330], abs=0.01)  # both gates judged as many: both bars are the whole width


def test_credit_bars_are_as_long_as_the_credit_and_negative_ones_go_left() -> None:
    def row(name: str, *minor: int) -> DeliverableCredit:
        credit = dict(zip(("first", "last", "linear"), minor, strict=True))
        return DeliverableCredit(
            deliverable_id=name,
            client_id="c",
            currency="EUR",
            credit_minor=credit,
            deals=0,
            gate_state="pass",
            impressions=0,
        )

    drawn = bars(
        charts.credit_by_model(
            [row("a", 40_000, 10_000, 20_000), row("b", -20_000, 0, 5_000)], ("first", "last", "linear"), "EUR"
        )
    )
    first, last, linear = (drawn[f"var(--series-{number})"] for number in (1, 2, 3))
    zero = first[0][0]
    assert first[0][2] == pytest.approx(4 * last[0][2])
    assert linear[0][2] == pytest.approx(2 * last[0][2])
    assert first[1][0] == pytest.approx(zero - first[0][2] / 2)  # 200 to the left of zero, beside 400 to the right
    tops = [first[0][1], last[0][1], linear[0][1], first[1][1]]
    assert all(above < below for above, below in pairwise(tops))


def test_splits_are_as_long_as_their_amounts_and_what_was_taken_back_goes_left() -> None:
    drawn = bars(charts.credit_splits(splits("EUR", 30_000, no_touch=10_000, no_identity=-5_000), MODELS, "EUR"))
    carried, no_touch, taken_back = (drawn[f"var(--series-{number})"][0] for number in (1, 3, 5))
    zero = carried[0]
    assert carried[2] == pytest.approx(2.5 * no_touch[2])
    assert no_touch[0] == pytest.approx(zero + carried[2])
    assert (taken_back[0], taken_back[2]) == pytest.approx((zero - no_touch[2] / 2, no_touch[2] / 2))


def days(*values: tuple[int, int]) -> list[SearchDay]:
    return [
        SearchDay(property="sc-domain:a.example", client_id="a", date=date(2026, 3, day), impressions=number, clicks=0)
        for day, number in values
    ]


def lines(picture: str) -> list[str]:
    return [
        path.get("d", "")
        for path in etree.fromstring(picture).iter(f"{SVG}path")
        if path.get("stroke", "").startswith("var(--series") and path.get("stroke-width") == "2"
    ]


def test_a_zero_day_is_a_point_and_a_missing_day_is_a_gap() -> None:
    with_zero = lines(charts.search_trend(days((1, 5), (2, 6), (3, 0), (4, 7), (5, 8))))[0]
    with_gap = lines(charts.search_trend(days((1, 5), (2, 6), (4, 7), (5, 8))))[0]
    assert (with_zero.count("M"), with_zero.count("L")) == (1, 4)
    assert (with_gap.count("M"), with_gap.count("L")) == (2, 2)


def test_a_single_day_and_a_day_of_nothing_are_drawn() -> None:
    for values in (days((1, 5)), days((1, 0)), days((1, 0), (2, 0))):
        assert "1 Mar" in charts.search_trend(values)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_a_day_is_drawn_as_itself_in_every_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = charts.search_trend(days((8, 5), (9, 6)))
    monkeypatch.setenv("TZ", zone)
    assert charts.search_trend(days((8, 5), (9, 6))) == reference


def test_control_characters_reach_neither_the_picture_nor_the_drawing_library(ordinary: ReportData) -> None:
    gates = [replace(ordinary.gates[0], gate="a\x00\x1b]0;b\ud800")]
    assert r"a\u0000\u001b]0;b\ud800: 33 of 38 pass" in charts.gate_verdicts(gates)


def test_long_names_keep_both_ends(hostile: ReportData) -> None:
    picture = charts.credit_by_model(hostile.top_deliverables, hostile.models, "EUR")
    labels = [text.text or "" for text in etree.fromstring(picture).iter(f"{SVG}text")]
    names = [label for label in labels if label.endswith("xxx")]
    assert [label[:4] for label in names] == [f"{number:03d}-" for number in range(10)]
    assert {len(label) for label in names} == {40}
