"""At stake: credit that does not add up to the revenue must be told, and so must a row that was rejected."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from delivery_ops_tests.commanding import give

TOUCHES = """touch_id,contact_id,deliverable_id,channel,touched_at
t1,ann,d1,email,2026-03-01
t2,ann,d2,social,2026-03-05
t3,bob,d1,email,2026-01-01
"""
CONVERSIONS = """conversion_id,contact_id,converted_at,amount_minor,currency
c1,ann,2026-03-10,1001,EUR
c2,bob,2026-03-10,500,EUR
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str | Path]:
    (tmp_path / "touches.csv").write_text(TOUCHES, encoding="utf-8")
    (tmp_path / "conversions.csv").write_text(CONVERSIONS, encoding="utf-8")
    return ["--touches", tmp_path / "touches.csv", "--conversions", tmp_path / "conversions.csv"]


def test_attribution_run_tells_what_it_wrote(files: list[str | Path], tmp_path: Path) -> None:
    said = give("attribution", "run", *files, "--out", tmp_path / "out", "--csv", "--json")
    assert said.code == 0
    document = said.document
    assert document["conserved"] is True
    assert document["revenue_minor"] == {"EUR": 1501}
    assert {total["model"]: total["attributed_minor"] for total in document["totals"]} == {
        "first": 1001,
        "last": 1001,
        "linear": 1001,
    }
    written = {Path(name).name for name in document["files"]}
    assert written == {path.name for path in (tmp_path / "out").iterdir()}
    assert {"credit.parquet", "summary.parquet", "credit.csv", "summary.csv"} <= written
    credit = pq.read_table(tmp_path / "out" / "credit.parquet").to_pylist()
    assert sum(row["credit_minor"] for row in credit if row["model"] == "linear") == 1501


def test_attribution_run_with_a_bad_row_exits_1_and_tells_people_the_balance(
    files: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "touches.csv").write_text(TOUCHES + "t4,ann,d1,email,yesterday\n", encoding="utf-8")
    said = give("attribution", "run", *files, "--out", tmp_path / "out", "--models", "first,linear")
    assert said.code == 1
    assert "4 rows = 3 kept + 0 duplicate + 1 rejected" in said.out
    assert "adds up to the revenue, in every currency" in said.out
    assert str(tmp_path / "out" / "rejected.csv") in said.out
    assert "Attributing" in said.err


def test_attribution_run_takes_its_defaults_from_a_configuration_and_options_before_them(
    files: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "delivery_ops.yaml").write_text(
        "operation: a\nzone: UTC\nclients: [{id: a, name: A, tier: t}]\ndeliverable_types: [page]\n"
        "attribution: {models: [last], window_days: 90}\n",
        encoding="utf-8",
    )
    with_config = [*files, "--out", tmp_path / "out", "--config", tmp_path / "config", "--json"]
    document = give("attribution", "run", *with_config).document
    assert (document["models"], document["window_days"]) == (["last"], 90)
    assert [total["attributed_minor"] for total in document["totals"]] == [1501]
    document = give("attribution", "run", *with_config, "--models", "all", "--window-days", "30").document
    assert (document["models"], document["window_days"]) == (["first", "last", "linear"], 30)


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        pytest.param(["--models", "first,magic"], "magic", id="unknown model"),
        pytest.param(["--window-days", "0"], "it is not within 1 and", id="no window"),
        pytest.param(["--touches", "none.csv"], "No such file", id="missing file"),
        pytest.param(["--touches", "conversions.csv"], "lacks touch_id", id="another file's columns"),
    ],
)
def test_attribution_run_that_cannot_begin_exits_2(
    files: list[str | Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], cause: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = give("attribution", "run", *files, "--out", tmp_path / "out", *more, "--json")
    assert said.code == 2
    assert said.document["error"] == "BadUsage"
    assert cause in f"{said.document['subject']} {said.document['cause']}"
