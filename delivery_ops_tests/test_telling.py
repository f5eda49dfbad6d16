"""At stake: the same result told to people and to programs; what people read cannot be forged by an event's payload."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from delivery_ops import telling
from delivery_ops.attribution.intake import Intake
from delivery_ops.attribution.run import AttributionSummary, ModelTotals
from delivery_ops.daily_run import DailyRun
from delivery_ops.errors import Permanent
from delivery_ops.gates.judge import Evaluation, Finding
from delivery_ops.reports.data import ReportData
from delivery_ops.search_console.due import PropertySummary
from delivery_ops.search_console.export_log import DayResult
from delivery_ops.search_console.windows import DaySpan
from delivery_ops.settings import REPOSITORY, load
from delivery_ops_tests.reports.records import run_facts

PROPERTY = "sc-domain:acme.example"


def day(number: int, status: str) -> DayResult:
    taken = datetime(2026, 3, 30, tzinfo=UTC)
    return DayResult(property_name=PROPERTY, day=date(2026, 3, number), status=status, exported_at=taken)


SUMMARY = PropertySummary(
    property_name=PROPERTY,
    results=(day(2, "complete"), day(3, "zero"), day(4, "complete"), day(5, "failed"), day(6, "incomplete")),
    refused=(DaySpan.inclusive(date(2026, 2, 27), date(2026, 3, 1)),),
    error=Permanent("exporting", subject=PROPERTY, cause="no permission", remedy="Ask for it."),
)


def test_a_run_ends_with_a_query_of_few_columns_that_the_mart_has(capsys: pytest.CaptureFixture[str]) -> None:
    done = DailyRun(data=ReportData(run=run_facts()), report=Path("report.html"), failed_checks=())
    telling.run(done, load(REPOSITORY / "data" / "demo"), as_json=False)
    query = capsys.readouterr().out.splitlines()[-1]
    said = re.fullmatch(
        r'Query +delivery-ops db shell.* -c "select (.+) from analytics\.(\w+) order by \w+ desc"', query
    )
    assert said
    columns = said[1].split(", ")
    files = (REPOSITORY / "dbt_project" / "models" / "marts").rglob("*.yml")
    models = [model for file in files for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]]
    (mart,) = [model for model in models if model["name"] == said[2]]
    assert set(columns) <= {column["name"] for column in mart["columns"]}
    assert len(" | ".join(columns)) <= 100


def test_an_export_is_told_day_by_day(capsys: pytest.CaptureFixture[str]) -> None:
    telling.export(SUMMARY, as_json=False)
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "exported    2 days: 2026-03-02 to 2026-03-04",
        "zero        1 days: 2026-03-03 to 2026-03-03",
        "incomplete  1 days: 2026-03-06 to 2026-03-06",
        "missing     1 days: 2026-03-05 to 2026-03-05",
        "not to be had: 2026-02-27 to 2026-03-01",
    ]
    assert shown.err.splitlines()[1:] == ["  no permission", "  Ask for it."]


def test_an_export_as_json_lists_every_day_once(capsys: pytest.CaptureFixture[str]) -> None:
    telling.export(SUMMARY, as_json=True)
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert shown.err == ""
    assert document.pop("error")["cause"] == "no permission"
    assert document == {
        "property": PROPERTY,
        "exported": ["2026-03-02", "2026-03-04"],
        "zero": ["2026-03-03"],
        "incomplete": ["2026-03-06"],
        "missing": ["2026-03-05"],
        "there_already": 0,
        "refused": [{"start": "2026-02-27", "end": "2026-03-01"}],
    }


ATTRIBUTION = AttributionSummary(
    touches=Intake(file="t[1].csv", rows=4, kept=2, duplicate=1, rejected=1),
    conversions=Intake(file="c.csv", rows=1, kept=1, duplicate=0, rejected=0),
    window_days=30,
    models=("first",),
    revenue_minor={"EUR": 100},
    totals=(
        ModelTotals(
            model="first", currency="EUR", conversions=1, attributed_minor=60, unattributed_minor={"no_touch": 40}
        ),
    ),
    files=(Path("out/credit.parquet"),),
)


def test_attribution_says_whether_credit_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    telling.attribution(ATTRIBUTION, as_json=False)
    out = capsys.readouterr().out
    assert "t[1].csv: 4 rows = 2 kept + 1 duplicate + 1 rejected" in out
    assert "adds up to the revenue" in out
    telling.attribution(replace(ATTRIBUTION, revenue_minor={"EUR": 101}), as_json=False)
    assert "DOES NOT ADD UP" in capsys.readouterr().out
    telling.attribution(replace(ATTRIBUTION, revenue_minor={"EUR": 101}), as_json=True)
    assert json.loads(capsys.readouterr().out)["conserved"] is False


def test_no_figure_of_attribution_is_cut_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    large = replace(ATTRIBUTION.totals[0], attributed_minor=123_456_789_012_345_678, unattributed_minor={"no_touch": 1})
    telling.attribution(replace(ATTRIBUTION, totals=(large,)), as_json=False)
    assert re.search(r"first +EUR +1 +123456789012345678 +1 +123456789012345679 *\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("verdict", "sign"), [("pass", "✓ pass"), ("fail", "✕ fail"), ("monitor", "! monitor"), ("error", "? error")]
)
def test_every_verdict_has_a_sign_and_findings_stand_below(
    capsys: pytest.CaptureFixture[str], verdict: str, sign: str
) -> None:
    finding = Finding(code="title", severity="error", message="two\x1b[2J\nlines [red]", where="line 3")
    judged = Evaluation(
        gate="seoTagsPresent",
        url=None,
        outcome="fail",
        mode="monitor",
        verdict=verdict,
        findings=(finding,),
        evidence={},
        rules_version="1",
    )
    telling.evaluations([judged], as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        f"{sign}  seoTagsPresent  (monitor, rules 1)",
        "    error title: two\\u001b[2J lines [red]  (line 3)",
    ]
