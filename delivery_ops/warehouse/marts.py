"""The marts: what of the dbt project readers get.

Belongs here: their names and descriptions, as the project's manifest has them. Does not belong here: their rows
(``copying``) and how readers get them (``publish``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LAYER = "marts"
"""The DuckDB schema that the marts are built in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mart:
    """One mart: its table in the warehouse has this ``name``; ``columns`` are its columns' descriptions."""

    name: str
    description: str
    columns: Mapping[str, str]


def marts(manifest: Path) -> tuple[Mart, ...]:
    """The marts of the project whose manifest this is, by name."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    found = [
        Mart(
            name=node["name"],
            description=node["description"],
            columns={name: column["description"] for name, column in node["columns"].items()},
        )
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["schema"] == LAYER
    ]
    return tuple(sorted(found, key=lambda mart: mart.name))
