"""At stake: the webserver shows every operation's graph, whatever is configured, and before anything of it runs.

Loading is watched from inside a process of its own: Python tells of each file opened for writing and each connection.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest

from delivery_ops import starter
from delivery_ops.settings import CONFIG_VARIABLE, DEFAULT_CONFIG, REPOSITORY
from delivery_ops.warehouse.manifest import ensure_manifest
from delivery_ops_tests.defs import definitions_text

WATCHED_LOADING = """
import json, os, sys
touched = []
def watch(event, arguments):
    if event == "open" and arguments[2] & os.O_ACCMODE != os.O_RDONLY and arguments[0] != os.devnull:
        touched.append(f"writes {arguments[0]}")
    elif event in {"os.mkdir", "os.rename"}:
        touched.append(f"{event} {arguments[0]}")
    elif event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        touched.append(f"{event} {arguments[1:]}")
sys.addaudithook(watch)
import dagster as dg
from delivery_ops.definitions import defs
dg.Definitions.validate_loadable(defs())
watched = list(touched)
from delivery_ops_tests.defs.definitions_text import text
print(json.dumps({"touched": watched, "text": text()}))
"""

# raw_<source>__<rows> and core_<room>__<table>; dbt's models by their layer; what ends a run has a name of its own.
GRAMMAR = {
    "ingestion": r"raw_(files|search_console)__[a-z]+(_[a-z]+)*",
    "gates": r"core_gates__[a-z]+",
    "core": r"core_(ledger|delivery|gates)__[a-z]+(_[a-z]+)*",
    "staging": r"stg_(files|ledger|operations|search_console)__[a-z]+(_[a-z]+)*",
    "intermediate": r"int_[a-z]+(_[a-z]+)*",
    "marts": r"(fct|dim)_[a-z]+(_[a-z]+)*|(deliverable|search|attribution|credit)_[a-z]+",
    "publication": r"analytics_publication|report",
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict]:
    """What loading touched and showed, by configuration; each in a process of its own, all at once."""
    manifest = ensure_manifest()
    os.utime(manifest, (0, 0))  # a model may be newer than it: loading reads it, and leaves it to a run to make another
    folder = tmp_path_factory.mktemp("configurations")
    shutil.copytree(DEFAULT_CONFIG, folder / "demo")
    starter.write(folder / "init")
    shutil.copytree(Path(__file__).parents[1] / "data" / "olist", folder / "olist")
    loading = {name: _loading(folder / name) for name in ("demo", "init", "olist")}
    seen = {}
    for name, process in loading.items():
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert err == ""
        seen[name] = json.loads(out)
        assert [path.name for path in (folder / name).iterdir()] == ["delivery_ops.yaml"]
    manifest.touch()
    return seen


@pytest.mark.parametrize("name", ["demo", "init", "olist"])
def test_loading_writes_no_file_and_opens_no_connection(watched: Mapping[str, dict], name: str) -> None:
    assert watched[name]["touched"] == []


def test_the_graph_is_the_one_written_down(watched: Mapping[str, dict]) -> None:
    """`python -m delivery_ops_tests.defs.definitions_text` writes it down anew."""
    assert watched["demo"]["text"] == definitions_text.GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["init", "olist"])
def test_the_graph_is_the_same_for_every_operation_but_for_partitions_and_clock(
    watched: Mapping[str, dict], name: str
) -> None:
    own = re.compile(r"^  partitions .*|^schedule .*\n.*", re.MULTILINE)
    assert own.sub("", watched[name]["text"]) == own.sub("", watched["demo"]["text"])
    assert "RUNNING" in watched[name]["text"]  # real time runs, so the morning comes


def test_every_asset_is_named_by_the_grammar_of_its_group(loaded: dg.Definitions) -> None:
    for spec in loaded.resolve_all_asset_specs():
        assert re.fullmatch(GRAMMAR[spec.group_name or ""], spec.key.to_user_string()), spec.key


def test_every_asset_has_an_owner_a_description_that_ends_a_sentence_and_a_kind(loaded: dg.Definitions) -> None:
    for spec in loaded.resolve_all_asset_specs():
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert (spec.description or "").strip()[-1:] in {".", "`"}, spec.key


def test_the_pool_has_exactly_the_steps_that_open_the_warehouse(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    layers = {"staging", "intermediate", "marts"}
    opening = {spec.key for spec in loaded.resolve_all_asset_specs() if spec.group_name in layers}
    opening.add(dg.AssetKey("analytics_publication"))
    assert {node.key for node in graph.asset_nodes if node.pools} == opening


def _loading(config: Path) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(config), CONFIG_VARIABLE: str(config)}
    return subprocess.Popen(
        [sys.executable, "-B", "-s", "-W", "error", "-c", WATCHED_LOADING],
        env=environment | {"DELIVERY_OPS_REFERENCE_DATA": "/nowhere"},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
