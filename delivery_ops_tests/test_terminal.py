"""At stake: what a person sees and a script reads. Text from outside must arrive whole, and steer nothing."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from delivery_ops import progress, terminal
from delivery_ops.errors import BadUsage, Permanent, Transient


def test_a_document_is_json_with_instants_and_paths_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    instant = datetime(2026, 3, 29, 1, tzinfo=UTC)
    terminal.print_json({"at": instant, "day": date(2026, 3, 29), "file": Path("/x/y"), "said": "Größe \udcff"})
    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-03-29 01:00:00+00:00",
        "day": "2026-03-29",
        "file": "/x/y",
        "said": "Größe ?",
    }


@given(text=st.text())
def test_whatever_is_said_is_one_line_without_control_characters(text: str) -> None:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "out", Console(file=out, soft_wrap=True, highlight=False))
        terminal.say(text)
    line = out.getvalue().removesuffix("\n")
    assert not [character for character in line if unicodedata.category(character) == "Cc" and character != "\t"]


def test_markup_in_a_text_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("  [bold]x[/] [red] a[0]")
    assert capsys.readouterr().out == "  [bold]x[/] [red] a[0]\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(BadUsage, 2, id="bad usage"),
        pytest.param(Permanent, 1, id="permanent"),
        pytest.param(Transient, 1, id="transient"),
    ],
)
def test_an_error_is_three_lines_and_its_familys_exit_code(
    error: type[Permanent], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    told = error("loading", subject="[a]/b.csv", cause="it says:\n\tno\x1b[2J", remedy="Ask.")
    assert terminal.complain(told, as_json=False) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == ["loading: [a]/b.csv", "  it says: no\\u001b[2J", "  Ask."]


def test_an_error_as_json_is_its_record(capsys: pytest.CaptureFixture[str]) -> None:
    told = Permanent("loading", subject="b.csv", cause="no", remedy="Ask.")
    terminal.complain(told, as_json=True)
    assert json.loads(capsys.readouterr().out) == told.as_record()


def test_a_defect_that_cannot_be_logged_is_told_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("", encoding="utf-8")
    assert terminal.complain_of_defect(ValueError("x" * 1000), tmp_path / "logs", as_json=False) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"A defect in delivery_ops: ValueError: {'x' * 288}"
    assert second == "  Please report it with what you did."


def test_a_defects_notes_are_in_its_log(tmp_path: Path) -> None:
    defect = ValueError("odd")
    defect.add_note("what Dagster knew")
    terminal.complain_of_defect(defect, tmp_path, as_json=False)
    [log] = tmp_path.glob("defect-*.log")
    assert "what Dagster knew" in log.read_text(encoding="utf-8")


def test_without_a_terminal_each_stage_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress_shown(), progress.stage("Search Console: http://[a]/") as tell:
        tell(1, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("  Search Console: http://[a]/ (0.")


def test_on_a_terminal_each_stage_is_a_bar_that_is_full_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=screen, force_terminal=True, width=90, color_system=None))
    with terminal.progress_shown():
        with progress.stage("Judging [pages]") as tell:
            tell(3, 7)
        with progress.stage("Spinning"):
            pass
    judging, spinning = re.findall(r"✓.*", screen.getvalue())[-2:]
    assert re.fullmatch(r"✓ Judging \[pages\] ━+ 7/7 0:00:00", judging.strip())
    assert spinning.startswith("✓ Spinning")


def test_a_stage_that_failed_ends_the_bars_and_lets_the_error_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "err", Console(file=io.StringIO(), force_terminal=True))
    with pytest.raises(ZeroDivisionError), terminal.progress_shown(), progress.stage("Dividing"):
        1 / 0  # noqa: B018
