"""The Dagster code location: loads ``defs/``, nothing else.

Loads without database, network or state folder; what touches those is opened by the ``operation`` resource
when a run starts.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Everything below ``defs/``: assets, checks, jobs, schedules and the resources they share."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
