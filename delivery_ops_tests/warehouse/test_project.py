"""The dbt project's manifest, its variables, and the law its models are written by."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from delivery_ops.settings import Settings
from delivery_ops.warehouse import project
from delivery_ops.warehouse.manifest import ensure_manifest
from delivery_ops.warehouse.marts import LAYER, marts
from delivery_ops.warehouse.project import Warehouse

AS_OF = datetime(2026, 3, 30, 14, tzinfo=UTC)


def models() -> list[dict[str, Any]]:
    nodes = json.loads(ensure_manifest().read_text())["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model"]


def test_settings_become_the_variables_of_the_project(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(
        attribution={"window_days": 7, "models": ["last"]},
        mismatch={"min_impressions": 5, "window_days": 14, "search_lag_days": 2},
        search_console={
            "start": date(2026, 1, 1),
            "properties": [{"property": "sc-domain:acme.example", "client": "acme"}],
        },
    )
    warehouse = Warehouse.of(settings, as_of=AS_OF)
    given = json.loads(warehouse.arguments()[-1])
    assert given == {
        "warehouse": str(settings.state_dir / "warehouse.duckdb"),
        "lake": str(settings.state_dir / "dbt" / "lake"),
        "as_of": "2026-03-30T14:00:00+00:00",
        "attribution_window_days": 7,
        "attribution_models": ["last"],
        "mismatch_min_impressions": 5,
        "mismatch_window_days": 14,
        "mismatch_search_lag_days": 2,
        "search_clients": {"sc-domain:acme.example": "acme"},
    }


def test_every_variable_that_is_handed_in_is_one_of_the_project(settings: Settings) -> None:
    declared = (project.PROJECT / "dbt_project.yml").read_text()
    for name in Warehouse.of(settings, as_of=AS_OF).variables:
        assert re.search(rf"^  {name}: ", declared, re.MULTILINE), name


def test_every_model_is_described_and_ends_with_its_grain() -> None:
    for model in models():
        assert re.search(r"(One row per [^.]+|One row)\.$", model["description"].strip()), model["name"]


def test_names_follow_the_grammar_and_only_staging_reads_sources() -> None:
    prefixes = {"staging": "stg_", "intermediate": "int_"}
    for model in models():
        layer = model["fqn"][1]
        assert model["name"].startswith(prefixes.get(layer, "")), model["name"]
        reads_sources = any(parent.startswith("source.") for parent in model["depends_on"]["nodes"])
        assert reads_sources == (layer == "staging"), model["name"]


def test_every_mart_has_an_enforced_contract_with_every_column_typed_and_described() -> None:
    found = [model for model in models() if model["fqn"][1] == LAYER]
    assert {model["name"] for model in found} == {mart.name for mart in marts(ensure_manifest())}
    assert {"dim_deliverables", "deliverable_performance", "fct_attribution_credit"} <= {m["name"] for m in found}
    for model in found:
        assert model["contract"]["enforced"], model["name"]
        for column in model["columns"].values():
            assert column["data_type"], (model["name"], column["name"])
            assert column["description"], (model["name"], column["name"])
