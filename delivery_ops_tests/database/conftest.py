"""An operation with an embedded server of its own, for the tests of the server's life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from delivery_ops.database import server
from delivery_ops.settings import Settings


@pytest.fixture
def own_settings(settings_factory: Callable[..., Settings], server_folder: Callable[[], Path]) -> Iterator[Settings]:
    """Nothing is made or running yet; whatever the test leaves running is stopped."""
    settings = settings_factory(state_dir=server_folder())
    yield settings
    server.stop(settings, force=True)
