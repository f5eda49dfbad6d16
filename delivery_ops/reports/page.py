"""The report as one static page: ``report.html``, which needs no script, no network and no server.

Belongs here: putting sections, pictures, markup (``report.html.j2``) and looks (``report.css``) together. Does not
belong here: choosing what is shown (``sections``). Nothing in the page runs: its own policy allows one style sheet,
by digest, and every value is escaped on its way in; only the pictures made by ``charts`` and the style sheet are not.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from delivery_ops.reports import charts, glance, sections, words
from delivery_ops.reports.data import ReportData

_HERE = Path(__file__).parent
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def render(data: ReportData) -> str:
    """The whole page as HTML text, to be written as UTF-8."""
    style = _style()
    zone = ZoneInfo(data.run.zone)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            data=data,
            run=data.run,
            style=Markup(style),  # noqa: S704  our own file
            style_sha256=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            instant=lambda value: words.instant(value, zone),
            local_day=lambda value: words.short_day(value.astimezone(zone).date()),
            answers=glance.answers(data),
            client_columns=sections.told(data.clients, words.COLUMNS),
            deliverable_columns=sections.told(data.performance, words.COLUMNS),
            dated=any(row.published_at for row in data.performance),
            judged=any(row.gate_state != "not_judged" for row in data.performance),
            balances=sections.balance_tables(data.run.balances),
            gate_groups=sections.gate_groups(data.gate_failures),
            currencies=sections.currency_sections(data),
            trends=sections.trends(data.search),
            properties=len({day.property for day in data.search}),
            unmet=data.mismatch.deliverables[: sections.ROWS_SHOWN],
        )
    )


def _is_web_address(url: str) -> bool:
    return _WEB_ADDRESS.fullmatch(url) is not None


def _plain(value: object) -> object:
    """Text without control characters; numbers and our own markup as they are."""
    return words.printable(value) if type(value) is str else value


@cache
def _style() -> str:
    return (_HERE / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, finalize=_plain
    )
    environment.filters.update(
        count=words.count,
        money=words.money,
        share=words.share,
        plural=words.plural,
        duration=words.duration,
        day=words.day,
        short_day=words.short_day,
        named=words.named,
        money_range=words.money_range,
        working_time=words.working_time,
    )
    environment.tests["web_address"] = _is_web_address
    environment.globals.update(
        VERDICTS=words.VERDICTS,
        MODELS=words.MODELS,
        OUTCOMES=words.OUTCOMES,
        COLUMNS=words.COLUMNS,
        GATE_STATES=words.GATE_STATES,
        NOTHING=words.NOTHING,
        FAILURES_OPEN=sections.FAILURES_OPEN,
        gate_verdicts=charts.gate_verdicts,
        credit_by_model=charts.credit_by_model,
        credit_splits=charts.credit_splits,
        search_trend=charts.search_trend,
    )
    return environment
