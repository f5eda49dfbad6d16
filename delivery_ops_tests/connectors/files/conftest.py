"""Operations with several sources, whose files lie in ``tmp_path``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.database.database import Database
from delivery_ops.lake.lake import Lake
from delivery_ops.settings import Settings
from delivery_ops_tests.connectors.files.loading import Loading

CLIENTS = [{"id": name, "name": name, "tier": "gold"} for name in ("acme", "bolt")]
Configured = Callable[..., Loading]


@pytest.fixture
def configured(tmp_path: Path, database: Database, settings_factory: Callable[..., Settings]) -> Configured:
    """The one operation of the test, with these sources: called again, it is configured anew."""
    lake = Lake(tmp_path / "lake")
    lake.prepare()

    def build(*sources: dict[str, Any]) -> Loading:
        return Loading(settings=settings_factory(clients=CLIENTS, sources=list(sources)), database=database, lake=lake)

    return build
