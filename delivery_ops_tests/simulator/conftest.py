"""The demo's agency, its truth, and its servers at the demo's instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build as build_service

from delivery_ops import clock
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.faults import Fault
from delivery_ops.simulator.records import Agency
from delivery_ops.simulator.serve import Served, serving
from delivery_ops.simulator.truth import Truth, truth_of

SEED = 7
DEMO_NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def demo_now() -> datetime:
    """The demo's instant; asking for it freezes the clock there."""
    clock.read_from(lambda: DEMO_NOW)
    return DEMO_NOW


@pytest.fixture(scope="session")
def agency() -> Agency:
    return build(SEED)


@pytest.fixture(scope="session")
def truth() -> Truth:
    return truth_of(SEED)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with serving(SEED) as served:
        yield served


SearchConsole = Any  # googleapiclient builds its classes at run time


@contextmanager
def _service(endpoint: str) -> Iterator[SearchConsole]:
    """The client everybody uses, on loopback."""
    with build_service(
        "searchconsole",
        "v1",
        static_discovery=True,
        cache_discovery=False,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": endpoint},
    ) as service:
        yield service


@pytest.fixture(scope="session")
def _searching(served: Served) -> Iterator[SearchConsole]:
    with _service(served.search_console_endpoint) as service:
        yield service


@pytest.fixture
def search_console(_searching: SearchConsole, demo_now: datetime) -> SearchConsole:
    """Search Console at the demo's instant."""
    return _searching


@pytest.fixture
def broken_search_console(demo_now: datetime) -> Callable[[Mapping[str, Fault]], Any]:
    """A context with Search Console whose properties fail as told."""

    @contextmanager
    def broken(faults: Mapping[str, Fault]) -> Iterator[SearchConsole]:
        with serving(SEED, faults=faults) as served, _service(served.search_console_endpoint) as service:
            yield service

    return broken
