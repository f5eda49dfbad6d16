"""How a picture is drawn: bars under their labels, and the frame that every picture has in a page.

Belongs here: lengths, axes, legend, and the way from a Vega-Lite chart to one ``<svg>``. Does not belong here: what
is drawn (``charts``). A picture has no script, no style sheet and no colour of its own: colours are the page's CSS
variables, so that one picture serves light, dark and print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt
import vl_convert
from lxml import etree
from markupsafe import Markup

from delivery_ops.reports.words import printable, shortened

WIDTH = 340
_TEXT = 14
_BAR, _LABEL = 14, 22
_LABEL_CHARACTERS = 40
_INK, _MUTED, _LINE = "var(--ink)", "var(--muted)", "var(--line)"
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One length in a picture: bars of one ``slot`` of one ``group`` are stacked, slots lie below each other."""

    group: int
    slot: str
    series: str
    length: float


def bars(
    lengths: Sequence[Bar], *, labels: list[str], slots: list[str], colours: dict[str, str], axis: alt.Axis | None
) -> alt.LayerChart:
    """Horizontal bars, each group under its label, so that a long name takes no width from the bars.

    The longest bar fills the width. ``colours`` are by series, in the order in which they are stacked.
    """
    y = alt.Y("group:O").axis(None).scale(domain=list(range(len(labels))), paddingInner=0.2, paddingOuter=0)
    offset = alt.YOffset("slot:N").scale(domain=["label", *slots], paddingInner=0.12, paddingOuter=0)
    layers = (_lengths(lengths, colours, axis), _labels(labels))
    return alt.layer(*(layer.encode(y=y, yOffset=offset) for layer in layers)).properties(
        width=WIDTH - 10, height=len(labels) * (_LABEL + _BAR * len(slots))
    )


def _lengths(lengths: Sequence[Bar], colours: dict[str, str], axis: alt.Axis | None) -> alt.Chart:
    shown = {bar.series for bar in lengths if bar.length}
    domain = [series for series in colours if series in shown] or list(colours)[:1]
    values = [asdict(bar) | {"rank": domain.index(bar.series)} for bar in lengths if bar.series in shown]
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            x=alt.X("length:Q").axis(axis).stack("zero").scale(nice=False),
            order="rank:O",
            color=alt.Color("series:N")
            .scale(domain=domain, range=[colours[series] for series in domain])
            .legend(title=None, orient="bottom", columns=1 if any(len(name) > 20 for name in domain) else 3),
        )
    )


def _labels(labels: list[str]) -> alt.Chart:
    texts = [
        {"group": group, "slot": "label", "text": shortened(label, _LABEL_CHARACTERS)}
        for group, label in enumerate(labels)
    ]
    return (
        alt.Chart(alt.InlineData(values=texts))
        .mark_text(align="left", baseline="middle", fontSize=_TEXT, color=_INK, limit=WIDTH - 10)
        .encode(x=alt.value(0), text="text:N")
    )


def svg(chart: alt.LayerChart | alt.VConcatChart, *, title: str, description: str) -> Markup:
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
            labelColor=_INK, labelFontSize=_TEXT, labelLimit=WIDTH - 40, symbolType="square", columnPadding=20
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
