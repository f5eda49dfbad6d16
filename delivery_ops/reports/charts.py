"""The pictures of a report: records in, one ``<svg>`` out, made on the server by Vega-Lite.

Belongs here: what is drawn, in which colour. Does not belong here: choosing what is worth a picture (``page``) and
how bars and frames are drawn (``drawing``). A picture is laid out for a phone (340 px wide, text of 14 px) and grows
with its column. Screen readers get its title and description; the table beside it has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import cycle

import altair as alt
from markupsafe import Markup

from delivery_ops.reports.drawing import WIDTH, Bar, bars, svg
from delivery_ops.reports.marts import CreditSplit, DeliverableCredit, GateTally, SearchDay
from delivery_ops.reports.words import MODELS, VERDICTS, WENT_TO, count, major_units, named

_SERIES = tuple(f"var(--series-{number})" for number in range(1, 8))
_VERDICT_COLOURS = {name: f"var(--{name})" for name in VERDICTS}
# One prefix a label ("500", "1k"), where the format "~s" alone gives all labels the axis' own ("0.5k", "0k"), and
# none below one, where it would be milli.
_COMPACT = "abs(datum.value) < 1 ? format(datum.value, '.2~f') : replace(format(datum.value, '~s'), 'G', ' bn')"


def gate_verdicts(gates: Sequence[GateTally]) -> Markup:
    """One bar a gate, divided by the latest verdict on every live page it judged."""
    lengths = [
        Bar(group=index, slot="verdicts", series=VERDICTS[verdict], length=number)
        for index, gate in enumerate(gates)
        for verdict, number in zip(VERDICTS, (gate.passed, gate.failed, gate.monitored, gate.errored), strict=True)
    ]
    return svg(
        bars(
            lengths,
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
    lengths = [
        Bar(
            group=index,
            slot=model,
            series=named(model, MODELS),
            length=major_units(row.credit_minor.get(model, 0), currency),
        )
        for index, row in enumerate(rows)
        for model in models
    ]
    return svg(
        bars(
            lengths,
            labels=[row.deliverable_id for row in rows],
            slots=list(models),
            colours={named(model, MODELS): colour for model, colour in zip(models, _SERIES, strict=False)},
            axis=alt.Axis(labelExpr=_COMPACT, tickCount=4, title=currency),
        ),
        title=f"Credit by model in {currency}",
        description=f"The {len(rows)} deliverables with the most revenue credit; the table beside it has every figure.",
    )


def credit_splits(splits: Sequence[CreditSplit], models: Sequence[str], currency: str) -> Markup:
    """One bar a model, divided by where its credit went; what was taken back without a touch lies left of zero."""
    lengths = [
        Bar(
            group=models.index(split.model),
            slot="amount",
            series=named(split.went_to, WENT_TO),
            length=major_units(split.amount_minor, currency),
        )
        for split in splits
    ]
    places = dict.fromkeys([*WENT_TO, *(split.went_to for split in splits)])
    return svg(
        bars(
            lengths,
            labels=[named(model, MODELS) for model in models],
            slots=["amount"],
            colours={named(place, WENT_TO): colour for place, colour in zip(places, cycle(_SERIES), strict=False)},
            axis=alt.Axis(labelExpr=_COMPACT, tickCount=4, title=currency),
        ),
        title=f"Where revenue in {currency} went",
        description="Amounts by attribution model; the table beside it has every figure.",
    )


def search_trend(days: Sequence[SearchDay]) -> Markup:
    """Impressions above, clicks below, one point a day; a day that was not exported leaves a gap."""
    return svg(
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
    ).properties(width=WIDTH - 50, height=84, title=alt.Title(title, anchor="start", frame="group"))
