"""Operations with an embedded server of their own, for the tests of the server's life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from delivery_ops.database import server
from delivery_ops.settings import Settings


@pytest.fixture(scope="session")
def _own_folder(server_folder: Callable[[], Path]) -> Path:
    return server_folder()


@pytest.fixture
def own_settings(settings_factory: Callable[..., Settings], _own_folder: Path) -> Iterator[Settings]:
    """An operation whose server is stopped. Its data folder may be there from an earlier test: making one costs
    most of a second, and starting it a tenth."""
    settings = settings_factory(state_dir=_own_folder)
    yield settings
    server.stop(settings, force=True)


@pytest.fixture
def new_settings(settings_factory: Callable[..., Settings], server_folder: Callable[[], Path]) -> Iterator[Settings]:
    """An operation of which nothing is made yet."""
    settings = settings_factory(state_dir=server_folder())
    yield settings
    server.stop(settings, force=True)
