"""The pictures of a report: records in, one ``<svg>`` out, made on the server by Vega-Lite.

Belongs here: what is drawn and how. Does not belong here: choosing what is worth a picture (``page``). A picture
has no script, no style sheet and no colour of its own: colours are the page's CSS variables, so that one picture
serves light, dark and print. It is laid out for a phone (340 px wide, text of 14 px) and grows with its column.
Screen readers get its title and description; the table beside it has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle
from typing import Any

import altair as alt
import vl_convert
from lxml import etree
from markupsafe import Markup

from delivery_ops.reports.data import CreditSplit, DeliverableCredit, GateTally, Revenue, SearchDay
from delivery_ops.reports.words import MODELS, VERDICTS, WENT_TO, count, major_units, named, printable, shortened

_WIDTH = 340
_TEXT = 14
_BAR, _LABEL = 14, 22
_LABEL_CHARACTERS = 40
_INK, _MUTED, _LINE = "var(--ink)", "var(--muted)", "var(--line)"
_SERIES = tuple(f"var(--series-{number})" for number in range(1, 8))
_VERDICT_COLOURS = {name: f"var(--{name})" for name in VERDICTS}
_SVG = "{http://www.w3.org/2000/svg}"
# One prefix a label ("500", "1k"), where the format "~s" alone gives all labels the axis' own ("0.5k", "0k"), and
# none below one, where it would be milli.
_COMPACT = "abs(datum.value) < 1 ? format(datum.value, '.2~f') : replace(format(datum.value, '~s'), 'G', ' bn')"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bar:
    """One length in a picture: bars of one ``slot`` of one ``group`` are stacked, slots lie below each other."""

    group: int
    slot: str
    series: str
    length: float


def gate_verdicts(gates: Sequence[GateTally]) -> Markup:
    """One bar a gate, divided by the latest verdict of every deliverable it judged."""
    bars = [
        _Bar(group=index, slot="verdicts", series=VERDICTS[verdict], length=number)
        for index, gate in enumerate(gates)
        for verdict, number in zip(VERDICTS, (gate.passed, gate.failed, gate.monitored, gate.errored), strict=True)
    ]
    return _svg(
        _bars(
            bars,
            labels=[f"{gate.gate}: {count(gate.passed)} of {count(gate.evaluated)} pass" for gate in gates],
            slots=["verdicts"],
            colours={VERDICTS[verdict]: colour for verdict, colour in _VERDICT_COLOURS.items()},
            axis=None,
        ),
        title="Verdicts by gate",
        description="; ".join(
            f"{gate.gate}: {gate.passed} pass, {gate.failed} fail, {gate.monitored} fail but monitored only, "
            f"{gate.errored} could not be measured"
            for gate in gates
        ),
    )


def credit_by_model(rows: Sequence[DeliverableCredit], models: Sequence[str], currency: str) -> Markup:
    """For each deliverable one bar a model: bars of unequal length are where the models disagree."""
    bars = [
        _Bar(
            group=index,
            slot=model,
            series=named(model, MODELS),
            length=major_units(row.credit_minor.get(model, 0), currency),
        )
        for index, row in enumerate(rows)
        for model in models
    ]
    return _svg(
        _bars(
            bars,
            labels=[row.deliverable_id for row in rows],
            slots=list(models),
            colours={named(model, MODELS): colour for model, colour in zip(models, _SERIES, strict=False)},
            axis=alt.Axis(labelExpr=_COMPACT, tickCount=4, title=currency),
        ),
        title=f"Credit by model in {currency}",
        description=f"The {len(rows)} deliverables with the most revenue credit; the table beside it has every figure.",
    )


def credit_splits(splits: Sequence[CreditSplit], revenue: Revenue, models: Sequence[str]) -> Markup:
    """One bar a model: the whole is all revenue of the currency, divided by where the model's credit went."""
    bars = [
        _Bar(
            group=models.index(split.model),
            slot="share",
            series=named(split.went_to, WENT_TO),
            length=split.volume_minor / revenue.volume_minor,
        )
        for split in splits
    ]
    places = dict.fromkeys([*WENT_TO, *(split.went_to for split in splits)])
    return _svg(
        _bars(
            bars,
            labels=[named(model, MODELS) for model in models],
            slots=["share"],
            colours={named(place, WENT_TO): colour for place, colour in zip(places, cycle(_SERIES), strict=False)},
            axis=alt.Axis(format=".0%", tickCount=4, title=None),
            full=1,
        ),
        title=f"Where revenue in {revenue.currency} went",
        description="Share of all revenue by attribution model; the table beside it has every figure.",
    )


def search_trend(days: Sequence[SearchDay]) -> Markup:
    """Impressions above, clicks below, one point a day; a day that was not exported leaves a gap."""
    return _svg(
        alt.vconcat(
            _daily({day.date: day.impressions for day in days}, "Impressions a day", _SERIES[0], dates=False),
            _daily({day.date: day.clicks for day in days}, "Clicks a day", _SERIES[1], dates=True),
            spacing=8,
        ),
        title=f"Search trend of {days[0].property}",
        description=f"Impressions and clicks a day from {days[0].date} to {days[-1].date}.",
    )


def _daily(values: dict[date, int], title: str, colour: str, *, dates: bool) -> alt.LayerChart:
    """A line over the days from first to last, broken where there is no value, with a dot on each day."""
    first, last = min(values), max(values)
    every_day = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    points = [{"day": day.isoformat(), "value": values.get(day)} for day in every_day]
    x_axis = alt.Axis(format="%-d %b", tickCount=3, grid=False, labels=dates, labelSeparation=12, title=None)
    chart = alt.Chart(alt.InlineData(values=points)).encode(
        # Dates are drawn in UTC: drawn in the machine's zone, they would move by a day west of Greenwich.
        x=alt.X("day:T").scale(type="utc").axis(x_axis),
        y=alt.Y("value:Q").axis(labelExpr=_COMPACT, tickCount=3, title=None),
    )
    return alt.layer(
        chart.mark_line(color=colour, strokeWidth=2, invalid="break-paths-show-domains"),
        chart.mark_circle(color=colour, size=20, opacity=1),
    ).properties(width=_WIDTH - 50, height=84, title=alt.Title(title, anchor="start", frame="group"))


def _bars(
    bars: Sequence[_Bar],
    *,
    labels: list[str],
    slots: list[str],
    colours: dict[str, str],
    axis: alt.Axis | None,
    full: float | alt.UndefinedType = alt.Undefined,
) -> alt.LayerChart:
    """Horizontal bars, each group under its label, so that a long name takes no width from the bars.

    ``full`` is the length that fills the width; the longest bar does where it is left out.
    """
    groups = list(range(len(labels)))
    shown = {series for series, total in _totals(bars).items() if total}
    domain = [series for series in colours if series in shown] or list(colours)[:1]
    y = alt.Y("group:O").axis(None).scale(domain=groups, paddingInner=0.2, paddingOuter=0)
    offset = alt.YOffset("slot:N").scale(domain=["label", *slots], paddingInner=0.12, paddingOuter=0)
    values = [
        {
            "group": bar.group,
            "slot": bar.slot,
            "series": bar.series,
            "length": bar.length,
            "rank": domain.index(bar.series),
        }
        for bar in bars
        if bar.series in shown
    ]
    drawn = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            x=alt.X("length:Q").axis(axis).stack("zero").scale(nice=False, domainMax=full),
            y=y,
            yOffset=offset,
            order="rank:O",
            color=alt.Color("series:N")
            .scale(domain=domain, range=[colours[series] for series in domain])
            .legend(title=None, orient="bottom", columns=1 if any(len(name) > 20 for name in domain) else 3),
        )
    )
    texts = [
        {"group": group, "slot": "label", "text": shortened(label, _LABEL_CHARACTERS)}
        for group, label in zip(groups, labels, strict=True)
    ]
    named_groups = (
        alt.Chart(alt.InlineData(values=texts))
        .mark_text(align="left", baseline="middle", fontSize=_TEXT, color=_INK, limit=_WIDTH - 10)
        .encode(x=alt.value(0), y=y, yOffset=offset, text="text:N")
    )
    return alt.layer(drawn, named_groups).properties(
        width=_WIDTH - 10, height=len(groups) * (_LABEL + _BAR * len(slots))
    )


def _totals(bars: Sequence[_Bar]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for bar in bars:
        totals[bar.series] = totals.get(bar.series, 0) + abs(bar.length)
    return totals


def _svg(chart: alt.LayerChart | alt.VConcatChart, *, title: str, description: str) -> Markup:
    """Draw, and frame for a page: scales with its column, and is one image to a screen reader."""
    axis = alt.AxisConfig(
        labelColor=_MUTED, titleColor=_MUTED, gridColor=_LINE, domain=False, ticks=False, labelPadding=6,
        labelFontSize=_TEXT, titleFontSize=_TEXT, titleFontWeight="normal",
    )  # fmt: skip
    configured = chart.configure(
        aria=False,
        background="transparent",
        font="system-ui, sans-serif",
        padding=2,
        axis=axis,
        view=alt.ViewConfig(stroke=None),
        legend=alt.LegendConfig(
            labelColor=_INK, labelFontSize=_TEXT, labelLimit=_WIDTH - 40, symbolType="square", columnPadding=20
        ),
        title=alt.TitleConfig(color=_INK, fontSize=_TEXT, fontWeight="normal"),
    )
    root = etree.fromstring(vl_convert.vegalite_to_svg(_printable(configured.to_dict())))
    for size in ("width", "height"):
        del root.attrib[size]
    root.set("role", "img")
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = etree.Element(_SVG + tag)
        element.text = printable(text)
        root.insert(position, element)
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704  serialised XML, escaped by lxml


def _printable(specification: Any) -> Any:
    """The specification with all of its texts printable, wherever they came from."""
    if isinstance(specification, str):
        return printable(specification)
    if isinstance(specification, dict):
        return {_printable(key): _printable(value) for key, value in specification.items()}
    if isinstance(specification, list):
        return [_printable(value) for value in specification]
    return specification
