"""Where one dbt invocation reads and writes, and what it is told.

Belongs here: the dbt project's place, its manifest, and the arguments and variables that an operation's settings
become. Does not belong here: running dbt (``dbt``). Everything is handed to dbt as arguments, nothing through the
environment, so that two invocations in one process never see each other's values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from delivery_ops.settings import REPOSITORY, Settings

PROJECT = REPOSITORY / "dbt_project"


@dataclass(frozen=True, kw_only=True, slots=True)
class Warehouse:
    """One DuckDB ``file`` over one ``lake``, both paths absolute; what dbt writes beside goes to ``artifacts``.
    The lake must not change while dbt reads it: staging models are views, read once by each model and test.

    ``variables`` replace those of ``dbt_project.yml``, where each one's meaning stands.
    """

    file: Path
    lake: Path
    artifacts: Path
    variables: Mapping[str, Any]

    @classmethod
    def of(cls, settings: Settings, *, as_of: datetime) -> Warehouse:
        """An operation's warehouse, which judges what has matured as of the instant ``as_of``; its ``lake`` is the
        place of a snapshot, which whoever builds takes before."""
        properties = settings.search_console.properties if settings.search_console else ()
        return cls(
            file=settings.state_dir / "warehouse.duckdb",
            lake=settings.state_dir / "dbt" / "lake",
            artifacts=settings.state_dir / "dbt",
            variables={
                "as_of": as_of.astimezone(UTC).isoformat(),
                "attribution_window_days": settings.attribution.window_days,
                "attribution_models": list(settings.attribution.models),
                "mismatch_min_impressions": settings.mismatch.min_impressions,
                "mismatch_window_days": settings.mismatch.window_days,
                "mismatch_search_lag_days": settings.mismatch.search_lag_days,
                "search_clients": {each.property: each.client for each in properties},
            },
        )

    def arguments(self) -> list[str]:
        """The options that follow a dbt command (``build``, ``test`` …)."""
        variables = {"warehouse": str(self.file), "lake": str(self.lake), **self.variables}
        return [*places(self.artifacts), "--vars", json.dumps(variables)]


def places(artifacts: Path) -> list[str]:
    """The options that say where dbt reads the project and where it writes."""
    return [
        *("--project-dir", str(PROJECT)),
        *("--profiles-dir", str(PROJECT)),
        *("--target-path", str(artifacts)),
        *("--log-path", str(artifacts)),
    ]
