"""Operations to give commands to: each is a configuration and a fresh database, in force as an environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from delivery_ops.settings import CONFIG_VARIABLE, DATABASE_URL_VARIABLE
from delivery_ops_tests.conftest import NewDatabase

REGISTERING = """\
operation: test
zone: Europe/Berlin
clients:
  - {id: acme, name: Acme, tier: gold}
deliverable_types: [article]
registration:
  rules:
    - {id_prefix: acme-, client: acme, type: article}
"""


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Callable[[str], Any]:
    """An operation of this configuration, in force as the environment that is yielded."""

    @contextmanager
    def operated(configuration: str) -> Iterator[Mapping[str, str]]:
        folder = tmp_path_factory.mktemp("operation") / "config"
        folder.mkdir()
        (folder / "delivery_ops.yaml").write_text(configuration, encoding="utf-8")
        with new_database() as url:
            yield {CONFIG_VARIABLE: str(folder), DATABASE_URL_VARIABLE: url}

    return operated


@pytest.fixture(scope="module")
def small(operated: Callable[[str], Any]) -> Iterator[Mapping[str, str]]:
    with operated(REGISTERING) as environment:
        yield environment
