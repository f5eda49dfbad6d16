"""``up`` and ``down`` with Dagster's own webserver and daemon, and PostgreSQL beneath them.

At stake: a webserver that shows no lineage, a job that is launched there and never runs, a process that nobody ends.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from typing import Any

import psutil
import pytest

from delivery_ops.database import postmaster, server
from delivery_ops.database.postmaster import has_ended
from delivery_ops_tests.commanding import ended
from delivery_ops_tests.conditions import until
from delivery_ops_tests.system.conftest import Operated, ask

pytestmark = pytest.mark.system

HALDEN, MIRAVA = "sc-domain:halden.example", "http://www.mirava.example/"
PELLWORM = "http://www.pellworm.example/"
PERFORMANCE = "raw_search_console__performance"
LOCATION = {"repositoryLocationName": "delivery_ops", "repositoryName": "__repository__"}

LINEAGE = "{ assetNodes { assetKey { path } dependencyKeys { path } groupName } }"
LAUNCH = """
mutation ($parameters: ExecutionParams!) {
  launchRun(executionParams: $parameters) { __typename ... on LaunchRunSuccess { run { runId } } }
}
"""
STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status tags { key value } } } }"
RUNS_OF_JOB = "query ($job: PipelineSelector!) { pipelineOrError(params: $job) { ... on Pipeline { runs { runId } } } }"
BACKFILL = """
mutation ($parameters: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $parameters) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}
"""
PROGRESS = """
query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status runs { id status } } }
}
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as answer:
            return "dagster_version" in json.load(answer)
    except (urllib.error.URLError, OSError):
        return False


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]


def child_of(process: subprocess.Popen[str], program: str) -> psutil.Process:
    """The child of ``up`` that runs ``program``, once there is one."""

    def runs(child: psutil.Process) -> bool:
        try:
            return any(program in part for part in child.cmdline())
        except psutil.NoSuchProcess:  # one of another program, which has ended since
            return False

    def found() -> psutil.Process | None:
        assert process.poll() is None
        return next(filter(runs, psutil.Process(process.pid).children()), None)

    return until(found, within=120, what=f"{program} was started")


def server_of(operated: Operated) -> psutil.Process | None:
    found = postmaster.find(server.ensure_running(operated.settings).data)
    return psutil.Process(found.pid) if found else None


def finished(port: int, run_id: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        run = ask(port, STATUS, id=run_id)["runOrError"]
        return run if run["status"] in {"SUCCESS", "FAILURE", "CANCELED"} else None

    return until(over, within=300, what=f"run {run_id} is over")


def test_up_serves_the_lineage_runs_jobs_and_backfills_and_down_ends_everything(operated: Operated) -> None:
    port = free_port()
    up = operated.start("up", "--port", str(port))
    until(lambda: answers(port) or up.poll() is not None, within=180, what="the webserver answers")
    postgresql = server_of(operated)

    nodes = {node["assetKey"]["path"][-1]: node for node in ask(port, LINEAGE)["assetNodes"]}
    assert {"raw_files__touches", "core_ledger__events", "fct_attribution_credit", "report"} <= nodes.keys()
    parents = {"/".join(key["path"]) for key in nodes["report"]["dependencyKeys"]}
    assert parents == {"analytics_publication"}

    # The daemon takes all three from the queue; the two of history want the same days of no property.
    daily = launch(port, "daily", {})
    backfill = launch_backfill(port, partitions(range(2, 6), HALDEN, MIRAVA))
    ends = {"start": f"2026-03-06|{MIRAVA}", "end": f"2026-03-08|{PELLWORM}"}
    history = launch(
        port, "search_console_export", {f"dagster/asset_partition_range_{name}": key for name, key in ends.items()}
    )
    run = finished(port, daily)
    assert run["status"] == "SUCCESS"
    assert "delivery_ops/process" in {tag["key"] for tag in run["tags"]}
    of_backfill = runs_of_backfill(port, backfill)
    assert len(of_backfill) == 2  # Dagster makes a run of each property's range
    assert materialized(operated, *of_backfill) == set(partitions(range(2, 6), HALDEN, MIRAVA))
    assert finished(port, history)["status"] == "SUCCESS"
    assert materialized(operated, history) == set(partitions(range(6, 9), MIRAVA, PELLWORM))

    for log in operated.settings.state_dir.glob("logs/dagster-*.log"):
        assert "Traceback" not in log.read_text(encoding="utf-8"), log
    processes = family(up)
    assert len(processes) >= 5  # up, webserver, daemon, and a code server of each
    down = operated.give("down")
    assert (down.code, down.err) == (0, "")
    assert down.out.splitlines() == ["Ended the webserver and the daemon.", "Stopped PostgreSQL."]
    said = ended(up)
    assert (said.code, said.err) == (0, "")
    assert [process for process in [*processes, postgresql] if not has_ended(process)] == []


def test_a_run_of_the_command_line_is_listed_under_its_job(operated: Operated) -> None:
    port = free_port()
    up = operated.start("up", "--port", str(port), "--json")
    document = ""
    while not document.endswith("\n}\n"):
        line = up.stdout.readline()
        assert line, up.stderr.read()
        document += line
    assert json.loads(document)["url"] == f"http://127.0.0.1:{port}"
    assert answers(port)  # it is told no sooner
    said = operated.give("run", "--json")
    assert said.code == 0, said.err
    listed = ask(port, RUNS_OF_JOB, job=LOCATION | {"pipelineName": "daily"})["pipelineOrError"]["runs"]
    assert said.document["run"]["run_id"] in {run["runId"] for run in listed}
    status = operated.give("status", "--json").document
    assert status["up"] == f"http://127.0.0.1:{port}"
    assert (status["last_run"]["run_id"], status["last_run"]["clean"]) == (said.document["run"]["run_id"], True)
    os.kill(child_of(up, "dagster-webserver").pid, signal.SIGKILL)
    died = ended(up)
    assert (died.code, died.out) == (1, "")  # the one document is out already
    assert died.err.startswith("running the operation: Dagster webserver\n")


def partitions(days: range, *properties: str) -> list[str]:
    return [f"2026-03-{day:02}|{property_}" for day in days for property_ in properties]


def launch(port: int, job: str, tags: dict[str, str]) -> str:
    """Launch a job as the webserver's launchpad does; the run's id."""
    parameters = {
        "selector": LOCATION | {"jobName": job},
        "runConfigData": {},
        "mode": "default",
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
    }
    launched = ask(port, LAUNCH, parameters=parameters)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    return launched["run"]["runId"]


def launch_backfill(port: int, names: list[str]) -> str:
    """Launch a backfill as somebody does who picks partitions in the webserver; its id."""
    parameters = {"assetSelection": [{"path": [PERFORMANCE]}], "partitionNames": names, "title": "a test"}
    launched = ask(port, BACKFILL, parameters=parameters)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    return launched["backfillId"]


def runs_of_backfill(port: int, backfill: str) -> list[str]:
    """The runs of a backfill, once it has ended well."""

    def over() -> dict[str, Any] | None:
        progress = ask(port, PROGRESS, id=backfill)["partitionBackfillOrError"]
        return progress if progress["status"].startswith(("COMPLETED", "FAILED", "CANCELED")) else None

    progress = until(over, within=300, what="the backfill is over")
    assert progress["status"] == "COMPLETED_SUCCESS", progress
    return [run["id"] for run in progress["runs"]]


def materialized(operated: Operated, *run_ids: str) -> set[str]:
    """The partitions that these runs materialized."""
    with operated.dagster() as instance:
        records = [record for run_id in run_ids for record in instance.get_records_for_run(run_id).records]
    materializations = [record.event_log_entry.asset_materialization for record in records]
    return {each.partition for each in materializations if each}


def test_ctrl_c_ends_up_and_leaves_postgresql_running(operated: Operated) -> None:
    up = operated.start("up", "--port", str(free_port()))
    child_of(up, "dagster-daemon")
    processes = family(up)
    up.send_signal(signal.SIGINT)
    said = ended(up)
    assert (said.code, said.err) == (0, "")
    assert [process for process in processes if not has_ended(process)] == []
    assert postmaster.find(server.ensure_running(operated.settings).data).ready


def test_a_child_that_dies_ends_up_with_its_name(operated: Operated) -> None:
    up = operated.start("up", "--port", str(free_port()))
    daemon = child_of(up, "dagster-daemon")
    processes = family(up)
    os.kill(daemon.pid, signal.SIGKILL)
    said = ended(up)
    assert said.code == 1
    assert said.err.splitlines()[0] == "running the operation: Dagster daemon"
    assert "it ended by itself with exit code -9" in said.err
    assert "dagster-daemon.log" in said.err
    assert [process for process in processes if not has_ended(process)] == []


def test_what_a_killed_up_leaves_is_ended_by_down(operated: Operated) -> None:
    up = operated.start("up", "--port", str(free_port()))
    child_of(up, "dagster-daemon")
    processes = family(up)
    up.kill()
    ended(up)
    down = operated.give("down", "--force")
    assert down.code == 0, down.err
    assert [process for process in processes if not has_ended(process)] == []


def test_down_refuses_while_a_client_is_connected_and_names_it(operated: Operated) -> None:
    with operated.as_analyst(application_name="Metabase") as client:
        refused = operated.give("down")
        assert refused.code == 1
        assert "1 client is connected: Metabase" in refused.err
        assert "--force" in refused.err
        assert client.execute("SELECT 1").fetchone() == (1,)
    assert operated.give("down").out.splitlines() == ["Stopped PostgreSQL."]


def test_a_killed_postgresql_is_recovered_by_the_next_command(operated: Operated) -> None:
    killed = server_of(operated)
    killed.kill()
    until(lambda: has_ended(killed), within=10, what="the server is dead")
    said = operated.give("events", "show", "mirava-art-01", "--json")
    assert said.code == 0, said.err
    assert len(said.document) > 1
    assert server_of(operated).pid != killed.pid
