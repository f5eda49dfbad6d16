"""Recorded deliveries and answers of a real Ghost 5.130, and the site they came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.connectors.pages import Site
from delivery_ops_tests.connectors.ghost.recordings import SITE, Recorded, read_recordings


@pytest.fixture(scope="session")
def recordings(reference_data: Path) -> list[Recorded]:
    return read_recordings(reference_data)


@pytest.fixture(scope="session")
def answers(reference_data: Path) -> Callable[[str], Any]:
    """A recorded answer of the API by its name."""

    def answer(name: str) -> Any:
        return json.loads((reference_data / "data" / "ghost" / "api" / f"{name}.json").read_text())

    return answer


@pytest.fixture(scope="session")
def site() -> Site:
    return SITE
