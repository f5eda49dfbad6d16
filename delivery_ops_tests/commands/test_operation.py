"""At stake: the operation as a whole is started, told about and ended by a person who reads sentences, or by a program
that reads one document.
"""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from delivery_ops import processes, starter
from delivery_ops.processes import Program
from delivery_ops.settings import DATABASE_URL_VARIABLE, Settings
from delivery_ops_tests.commanding import complaint, ended, give, start

OPERATION = """\
operation: test
zone: Europe/Berlin
state_dir: file/state
clients:
  - {id: acme, name: Acme, tier: gold}
deliverable_types: [article]
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_a_database_url_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    starter.write(tmp_path)
    said = give("run", "--config", tmp_path, "--json", environment={DATABASE_URL_VARIABLE: "mysql://x/y"})
    assert (said.code, said.document["subject"]) == (2, DATABASE_URL_VARIABLE)


def test_a_database_that_does_not_answer_exits_1(tmp_path: Path) -> None:
    starter.write(tmp_path)
    nowhere = "postgresql://somebody:secret@127.0.0.1:1/gone"
    said = give("run", "--config", tmp_path, environment={DATABASE_URL_VARIABLE: nowhere})
    assert (said.code, said.out) == (1, "")
    assert "refused" in complaint(said)[1]
    assert "secret" not in said.err


def test_a_state_folder_that_cannot_be_made_exits_1(tmp_path: Path) -> None:
    (tmp_path / "delivery_ops.yaml").write_text(OPERATION, encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    for command in ("run", "up"):
        said = give(command, "--config", tmp_path)
        assert (said.code, said.out) == (1, "")
        assert "Not a directory" in complaint(said)[1]


def test_init_writes_a_configuration_once_and_says_what_comes_next(tmp_path: Path) -> None:
    said = give("init", tmp_path / "new")
    assert said.code == 0
    assert f"Wrote {tmp_path}/new/delivery_ops.yaml." in said.out
    assert f"delivery-ops run --config {tmp_path}/new " in said.out
    assert give("init", tmp_path / "other", "--json").document == {"file": f"{tmp_path}/other/delivery_ops.yaml"}
    again = give("init", tmp_path / "new")
    assert again.code == 2
    assert "it is there already" in complaint(again)[1]


def test_the_demo_of_a_real_operation_is_refused(tmp_path: Path) -> None:
    starter.write(tmp_path)
    said = give("demo", "--config", tmp_path)
    assert said.code == 2
    assert "its operation is real" in complaint(said)[1]
    assert not (tmp_path / "state").exists()


ANSWERS_ONCE = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler).handle_request()
"""
ENDS_UP = "import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)"


@pytest.mark.parametrize(
    ("program", "code", "document"),
    [
        pytest.param(ANSWERS_ONCE, 1, {"url": "http://127.0.0.1:{port}"}, id="it dies once it has answered"),
        pytest.param("", 1, {"error": "Permanent", "subject": "web"}, id="it dies before it answers"),
        pytest.param(ENDS_UP, 0, {"url": None, "processes": []}, id="it is ended before it answers"),
    ],
)
def test_up_tells_one_document_however_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, code: int, document: dict[str, Any]
) -> None:
    def programs(_: Settings, *, port: int) -> tuple[Program, ...]:
        return (Program(name="web", command=(sys.executable, "-c", program, str(port)), log=tmp_path / "web.log"),)

    monkeypatch.setattr(processes, "programs", programs)
    monkeypatch.setattr(processes, "_prepared", lambda _: {})
    starter.write(tmp_path)
    port = free_port()
    said = give("up", "--config", tmp_path, "--port", str(port), "--json")
    assert said.code == code
    wanted = {key: value.format(port=port) if isinstance(value, str) else value for key, value in document.items()}
    assert {key: said.document[key] for key in wanted} == wanted
    assert ("running the operation: web" in said.err) == (code == 1)


def test_down_of_an_operation_that_never_ran_says_so(tmp_path: Path) -> None:
    starter.write(tmp_path)
    said = give("down", "--config", tmp_path)
    assert (said.code, said.out, said.err) == (0, "PostgreSQL was not running.\n", "")
    said = give("down", "--config", tmp_path, "--json")
    assert said.document == {"up": "not running", "postgresql": "not running"}


def test_down_does_not_stop_a_postgresql_of_ones_own(tmp_path: Path, empty_database_url: str) -> None:
    starter.write(tmp_path)
    environment = {DATABASE_URL_VARIABLE: empty_database_url}
    said = give("down", "--config", tmp_path, environment=environment)
    assert (said.code, said.err) == (0, "")
    assert said.out == "PostgreSQL is yours (DELIVERY_OPS_DATABASE_URL names it): it is not ours to stop.\n"
    assert give("down", "--config", tmp_path, "--json", environment=environment).document["postgresql"] == "not ours"


def test_a_day_to_come_is_no_day_to_run_for(tmp_path: Path, empty_database_url: str) -> None:
    starter.write(tmp_path)
    said = give(
        "run", "--config", tmp_path, "--date", "2999-01-01", environment={DATABASE_URL_VARIABLE: empty_database_url}
    )
    assert (said.code, said.out) == (2, "")
    assert "of the days to come nothing is known" in complaint(said)[1]


def test_a_fresh_configuration_runs_and_says_what_it_skipped(tmp_path: Path, empty_database_url: str) -> None:
    assert give("init", tmp_path).code == 0
    config = ["--config", tmp_path]
    environment = {DATABASE_URL_VARIABLE: empty_database_url}
    before = give("status", *config, "--json", environment=environment).document
    assert (before["up"], before["last_run"], before["report"]) == (None, None, None)
    said = ended(start("run", *config, "--json", environment=environment))
    assert said.code == 0, said.err
    run = said.document["run"]
    assert (said.document["failed_checks"], run["failures"], said.document["balanced"]) == ([], [], True)
    told = " ".join(run["skipped"])
    for skipped in ("deliverables", "touches", "deals", "revenue", "costs", "Search Console", "gates"):
        assert f"{skipped}: no" in told
    assert Path(said.document["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    after = give("status", *config, "--json", environment=environment).document
    assert after["report"] == said.document["report"]
    assert (after["last_run"]["run_id"], after["last_run"]["clean"]) == (run["run_id"], True)
    # Nothing but its stages: no log line of a library, no warning.
    assert all(re.fullmatch(r"  [A-Z][\w ()]+ \(\d+\.\d s\)", line) for line in said.err.splitlines()), said.err
