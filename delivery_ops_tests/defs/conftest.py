"""The definitions of the demo's configuration, loaded once: Dagster's code location is made for one operation."""

from __future__ import annotations

import os
from unittest.mock import patch

import dagster as dg
import pytest

from delivery_ops.settings import CONFIG_VARIABLE, DEFAULT_CONFIG
from delivery_ops.warehouse.manifest import ensure_manifest


@pytest.fixture(scope="session")
def loaded() -> dg.Definitions:
    ensure_manifest()
    with patch.dict(os.environ, {CONFIG_VARIABLE: str(DEFAULT_CONFIG)}):
        from delivery_ops.definitions import defs

        return defs()
