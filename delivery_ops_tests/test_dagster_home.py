"""At stake: every process of an operation finds the same Dagster, in the operation's own database."""

from __future__ import annotations

import os
from unittest.mock import patch

import dagster as dg
import pytest
import sqlalchemy as sa

from delivery_ops import dagster_home
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.settings import CONFIG_VARIABLE, Settings


@pytest.fixture
def environment(settings: Settings, database: Database) -> dict[str, str]:
    return dagster_home.prepare(settings, database)


def test_dagster_keeps_its_runs_in_its_own_schema_of_our_database(
    environment: dict[str, str], database: Database
) -> None:
    with patch.dict(os.environ, environment), dg.DagsterInstance.get() as instance:
        assert instance.get_runs() == []
    with database.engine(Role.dagster).connect() as connection:
        tables = sa.text("SELECT schemaname FROM pg_tables WHERE tablename IN ('runs', 'event_logs', 'bulk_actions')")
        assert connection.execute(tables).scalars().all() == ["dagster"] * 3


def test_a_pool_has_one_place_and_nothing_is_told_to_dagsters_makers(environment: dict[str, str]) -> None:
    with patch.dict(os.environ, environment), dg.DagsterInstance.get() as instance:
        instance.event_log_storage.initialize_concurrency_limit_to_default("warehouse")
        assert instance.event_log_storage.get_concurrency_info("warehouse").slot_count == 1
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled


def test_the_password_is_in_the_environment_and_in_no_file(environment: dict[str, str], settings: Settings) -> None:
    password = sa.make_url(environment[dagster_home.STORAGE_URL_VARIABLE]).password
    assert password
    files = [path for path in settings.state_dir.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if password in path.read_text(encoding="utf-8")]


def test_children_get_the_configuration_in_force(environment: dict[str, str], settings: Settings) -> None:
    assert environment[CONFIG_VARIABLE] == str(settings.config_dir)
    assert environment["DAGSTER_HOME"] == str(settings.state_dir / "dagster")


def test_a_file_that_is_right_is_left_alone_and_one_that_is_not_is_put_right(
    environment: dict[str, str], settings: Settings, database: Database
) -> None:
    file = settings.state_dir / "dagster" / "dagster.yaml"
    written, text = file.stat().st_mtime_ns, file.read_text(encoding="utf-8")
    dagster_home.prepare(settings, database)
    assert file.stat().st_mtime_ns == written
    file.write_text("telemetry: {enabled: true}", encoding="utf-8")
    dagster_home.prepare(settings, database)
    assert file.read_text(encoding="utf-8") == text
