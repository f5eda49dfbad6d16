"""At stake: a person who mistypes, misconfigures or meets our own defect gets a sentence and an exit code, never a
traceback; a program that asked with ``--json`` gets one document whatever happens; and asking for help costs nothing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import typer
import typer.main

from delivery_ops import cli, starter
from delivery_ops_tests.commanding import complaint, ended, give, start

HEAVY = ("dagster", "dbt", "great_expectations", "pandas", "pyarrow", "duckdb", "sqlalchemy", "googleapiclient", "lxml")
HELP_AND_SAY_WHAT_WAS_IMPORTED = f"""
import sys
from delivery_ops import cli
for command in sys.stdin.read().splitlines():
    sys.argv = ["delivery-ops", *command.split(), "--help"]
    assert cli.answer() == 0, command
print("HEAVY", *sorted({set(HEAVY)!r} & set(sys.modules)))
"""

MINIMAL = """\
operation: test
zone: Europe/Berlin
clients:
  - {id: acme, name: Acme, tier: gold}
deliverable_types: [article]
"""


def commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Every command by the words that call it."""

    def below(group: typer.core.TyperGroup, words: tuple[str, ...]) -> Iterator[tuple[str, typer.core.TyperCommand]]:
        for name, command in group.commands.items():
            if isinstance(command, typer.core.TyperGroup):
                yield from below(command, (*words, name))
            else:
                yield " ".join((*words, name)), command

    return below(typer.main.get_command(cli.app), ())


NAMES = dict(commands())


def test_the_commands_are_those_that_the_design_names() -> None:
    assert NAMES.keys() == {
        *("demo", "init", "run", "up", "down", "status", "db url", "db shell", "events append", "events show"),
        *("gate check", "attribution run", "search-console export", "rejected"),
    }


def test_help_of_every_command_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP_AND_SAY_WHAT_WAS_IMPORTED],
        input="\n".join(["", "db", "events", "gate", *NAMES]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "HEAVY"


@pytest.mark.parametrize("name", NAMES)
def test_help_says_what_a_command_and_each_of_its_options_does(name: str) -> None:
    said = give(*name.split(), "--help")
    assert (said.code, said.err) == (0, "")
    for parameter in NAMES[name].params:
        assert parameter.help, parameter.name
    for option in [option for parameter in NAMES[name].params for option in parameter.opts if option.startswith("--")]:
        assert option in said.out


def test_without_arguments_help_is_the_answer_and_nothing_was_done() -> None:
    for group in ([], ["db"], ["events"]):
        said = give(*group)
        assert (said.code, said.err) == (2, "")
        assert "Usage" in said.out


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        pytest.param(["nope"], "No such command 'nope'", id="unknown command"),
        pytest.param(["rnu"], "Did you mean 'run'", id="mistyped command"),
        pytest.param(["run", "--dat", "2026-03-01"], "No such option: --dat", id="unknown option"),
        pytest.param(["run", "--date", "30.3.2026"], "does not match the formats", id="a date in another order"),
        pytest.param(["run", "--date", "2026-02-30"], "does not match the formats", id="a day that is none"),
        pytest.param(["events", "show"], "Missing argument 'DELIVERABLE'", id="missing argument"),
        pytest.param(["events", "show", "\udcff"], "it is no UTF-8", id="bytes that are no text"),
        pytest.param(["up", "--port", "many"], "should be a valid integer", id="a port that is no number"),
        pytest.param(["up", "--port", "70000"], "should be less than or equal to 65535", id="a port there cannot be"),
        pytest.param(["up", "--port", "0"], "should be greater than or equal to 1", id="any port"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence_and_exits_2(arguments: list[str], cause: str) -> None:
    said = give(*arguments)
    assert (said.code, said.out) == (2, "")
    doing, told, remedy = complaint(said)
    assert doing.startswith("reading the command line: delivery-ops")
    assert cause in told
    assert "--help` shows what it takes" in remedy


def test_wrong_usage_with_json_is_one_document() -> None:
    said = give("run", "--json", "--date", "yesterday")
    assert said.code == 2
    assert said.document["error"] == "BadUsage"
    assert "'--date'" in said.document["cause"]


@pytest.mark.parametrize(
    ("text", "subject", "cause"),
    [
        pytest.param(None, "delivery_ops.yaml", "cannot be read", id="no file"),
        pytest.param("zone: [", "delivery_ops.yaml", "no valid YAML, line 1", id="no YAML"),
        pytest.param(MINIMAL.replace("zone:", "zon:"), "line 2, key zon", "no such key", id="misspelt key"),
        pytest.param(MINIMAL.replace("Berlin", "Bärlin"), "line 2, key zone", "is no IANA time zone", id="no zone"),
        pytest.param(MINIMAL + "sources: 3\n", "line 6, key sources", "a list is wanted", id="another type"),
        pytest.param(MINIMAL.replace("test", "${NOBODY_SET_THIS}"), "line 1", "NOBODY_SET_THIS is not set", id="unset"),
    ],
)
@pytest.mark.parametrize(
    "command", ["run", "demo", "up", "down", "status", "db url --role analyst", "gate check x.html"]
)
def test_a_malformed_configuration_stops_every_command_with_file_line_and_key(
    tmp_path: Path, command: str, text: str | None, subject: str, cause: str
) -> None:
    if text is not None:
        (tmp_path / "delivery_ops.yaml").write_text(text, encoding="utf-8")
    said = give(*command.split(), "--config", tmp_path)
    assert said.code == 2
    doing, told, _ = complaint(said)
    assert doing.startswith(f"reading the configuration: {tmp_path}")
    assert subject in doing
    assert cause in told


def test_a_config_error_with_json_is_one_document(tmp_path: Path) -> None:
    said = give("run", "--config", tmp_path / "none", "--json")
    assert said.code == 2
    assert said.document["error"] == "BadUsage"
    assert str(tmp_path / "none" / "delivery_ops.yaml") in said.document["subject"]
    assert said.document["remedy"]


WITHOUT_CONFIG = {"init"}  # it writes one
COMMAND = re.compile(rf"delivery-ops (?:{'|'.join(sorted(NAMES.keys() - WITHOUT_CONFIG, key=len, reverse=True))})\b")


def told(module: Path) -> Iterator[tuple[str, bool]]:
    """Every text of a module that names a command to be copied, and whether a value follows that name at once."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    inside = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in each.values}
    documents = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for part, after in pairwise([*node.values, None]):
                if isinstance(part, ast.Constant) and (found := COMMAND.search(str(part.value))):
                    yield str(part.value), found.end() == len(str(part.value)) and after is not None
        elif isinstance(node, ast.Constant) and id(node) not in inside | documents and isinstance(node.value, str):
            yield from ((node.value, False) for _ in COMMAND.finditer(node.value))


def test_every_command_that_a_person_is_told_names_the_configuration_it_is_for() -> None:
    package = Path(cli.__file__).parent
    commands = [each for module in package.rglob("*.py") for each in told(module)]
    assert len(commands) >= 9
    assert [text for text, names_its_config in commands if not names_its_config] == []
    page = (package / "reports" / "report.html.j2").read_text(encoding="utf-8")
    assert [page[at.end() :].startswith("{{ run.config_option }}") for at in COMMAND.finditer(page)] == [True]


WITHOUT_JSON = {"db shell"}  # what it prints is psql's


@pytest.mark.parametrize("name", NAMES)
def test_every_command_takes_config_and_json_where_they_mean_something(name: str) -> None:
    options = {option for parameter in NAMES[name].params for option in parameter.opts}
    assert ("--config" in options) == (name not in WITHOUT_CONFIG)
    assert ("--json" in options) == (name not in WITHOUT_JSON)


def test_a_defect_is_a_sentence_and_a_log_file_with_the_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter.write(tmp_path)
    monkeypatch.setattr("delivery_ops.demo.run_demo", lambda _: 1 / 0)
    logs = set()
    for _ in range(2):
        said = give("demo", "--config", tmp_path, environment={"DELIVERY_OPS_CONFIG": str(tmp_path)})
        assert (said.code, said.out) == (1, "")
        sentence, where = said.err.splitlines()
        assert sentence == "A defect in delivery_ops: ZeroDivisionError: division by zero"
        [log] = re.findall(rf"{tmp_path}/state/logs/defect-\w+\.log", where)
        assert "Traceback" in Path(log).read_text(encoding="utf-8")
        logs.add(log)
    assert len(logs) == 2  # the second defect does not overwrite what is told of the first


def test_a_defect_with_json_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starter.write(tmp_path)
    monkeypatch.setattr("delivery_ops.demo.run_demo", lambda _: 1 / 0)
    said = give("demo", "--config", tmp_path, "--json", environment={"DELIVERY_OPS_CONFIG": str(tmp_path)})
    assert said.code == 1
    assert said.document["error"] == "Defect"
    assert "ZeroDivisionError" in said.document["cause"]


def test_a_defect_in_reading_the_configuration_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("delivery_ops.settings.load", lambda: 1 / 0)
    said = give("down")
    assert said.code == 1
    assert said.err.startswith("A defect in delivery_ops: ZeroDivisionError")
    assert list(tmp_path.glob("defect-*.log"))


def test_ctrl_c_is_told_in_a_line_and_exits_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    starter.write(tmp_path)
    monkeypatch.setattr("delivery_ops.demo.run_demo", interrupted)
    said = give("demo", "--config", tmp_path)
    assert (said.code, said.out) == (130, "")
    assert said.err == "Interrupted. What was done stays; run it again to go on.\n"


def test_a_reader_that_leaves_early_is_no_defect() -> None:
    process = start("run", "--help")
    assert process.stdout
    process.stdout.close()  # before anything was written
    process.stdout = None
    assert ended(process).err == ""
