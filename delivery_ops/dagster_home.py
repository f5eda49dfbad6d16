"""Where Dagster keeps its own state: ``state_dir/dagster``, with its runs and events in our PostgreSQL.

Belongs here: writing ``dagster.yaml`` and the environment that Dagster's processes read. Does not belong here:
what Dagster runs (``defs/``) and who starts it (``daily_run``, ``processes``).
"""

from __future__ import annotations

from pathlib import Path

from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.settings import CONFIG_VARIABLE, Settings

STORAGE_URL_VARIABLE = "DELIVERY_OPS_DAGSTER_STORAGE_URL"

# One slot per pool: DuckDB lets one process open its file, even to read while another writes.
_DAGSTER_YAML = f"""\
# Written by delivery-ops at every start; changes here are lost.
storage:
  postgres:
    postgres_url:
      env: {STORAGE_URL_VARIABLE}
concurrency:
  pools:
    default_limit: 1
  runs:
    max_concurrent_runs: 4
run_monitoring:
  enabled: true
compute_logs:  # steps print nothing; to capture it Dagster starts four processes for each of them
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
telemetry:
  enabled: false
nux:
  enabled: false
"""


def prepare(settings: Settings, database: Database) -> dict[str, str]:
    """Write ``dagster.yaml`` and give the environment for a process that is to use this operation's Dagster.

    Returns:
        ``DAGSTER_HOME``, the config directory and the storage URL (it holds a password: never print it).
    """
    home = settings.state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    _replace(home / "dagster.yaml", _DAGSTER_YAML)
    return {
        "DAGSTER_HOME": str(home),
        CONFIG_VARIABLE: str(settings.config_dir),
        STORAGE_URL_VARIABLE: database.url(Role.dagster),
    }


def _replace(path: Path, text: str) -> None:
    """Write ``text`` only where it differs: a running Dagster may be reading the file."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
