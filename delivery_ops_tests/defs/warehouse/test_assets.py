"""At stake: a run that fails, or publishes what never was, because another one loads rows while it transforms."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import count

import dagster as dg
import duckdb
import sqlalchemy as sa

from delivery_ops.database.roles import Role
from delivery_ops.lake.datasets import SEARCH_PAGES
from delivery_ops.operation import Operation, open_operation
from delivery_ops.settings import Settings

PROPERTY, DAY = "sc-domain:acme.example", date(2026, 3, 1)


def export(operation: Operation, *, pages: int) -> None:
    """Let the day have so many page rows."""
    rows = (
        {
            "property": PROPERTY,
            "date": DAY,
            "page": f"http://acme.example/{number}",
            "page_key": f"acme.example/{number}",
            "clicks": 1,
            "impressions": 2,
            "position": 3.0,
        }
        for number in range(pages)
    )
    operation.lake.write(SEARCH_PAGES, f"{PROPERTY}/{DAY}", SEARCH_PAGES.table(rows))


@contextmanager
def exporting_all_the_while(operation: Operation) -> Iterator[None]:
    """Another run exports the day again and again, and each time Search Console has one page more."""
    over = threading.Event()

    def export_until_over() -> None:
        for pages in count(2):
            if over.is_set():
                return
            export(operation, pages=pages)

    with ThreadPoolExecutor() as pool:
        exporter = pool.submit(export_until_over)
        try:
            yield
        finally:
            over.set()
            exporter.result()


def test_models_are_of_one_state_of_the_lake_whatever_is_loaded_meanwhile(
    settings_factory: Callable[..., Settings], empty_database_url: str, loaded: dg.Definitions
) -> None:
    from delivery_ops.defs.warehouse.assets import models

    section = {"start": DAY, "properties": [{"property": PROPERTY, "client": "acme"}]}
    with open_operation(settings_factory(database_url=empty_database_url, search_console=section)) as operation:
        export(operation, pages=1)
        with exporting_all_the_while(operation):
            run = dg.materialize([models], resources={"operation": operation})
        assert run.success
        assert all(check.passed for check in run.get_asset_check_evaluations())
        assert operation.lake.rows(SEARCH_PAGES) > 2
        with duckdb.connect(str(operation.settings.state_dir / "warehouse.duckdb"), read_only=True) as warehouse:
            found = "SELECT page_rows, unmatched_rows FROM marts.search_daily"
            [(page_rows, unmatched)] = warehouse.execute(found).fetchall()
            assert page_rows == unmatched


def test_what_is_published_is_named_after_the_run_that_built_it(
    settings_factory: Callable[..., Settings], empty_database_url: str, loaded: dg.Definitions
) -> None:
    from delivery_ops.defs.warehouse.assets import models, publication

    settings = settings_factory(database_url=empty_database_url)
    with dg.DagsterInstance.ephemeral() as instance:
        with open_operation(settings, on=date(2026, 3, 1)) as operation:
            nothing = dg.materialize(
                [publication], instance=instance, resources={"operation": operation}, raise_on_error=False
            )
            [stopped] = nothing.get_step_failure_events()
            assert "no run of this release has built it" in stopped.step_failure_data.user_failure_data.description
            built = dg.materialize([models], instance=instance, resources={"operation": operation})
            as_of = operation.end_of_date
        with open_operation(settings) as operation:  # another run, of another date, between the two steps of this one
            assert dg.materialize([publication], instance=instance, resources={"operation": operation}).success
            with operation.database.engine(Role.reader).connect() as connection:
                shown = connection.execute(sa.text("SELECT run_id, as_of FROM analytics.run")).one()
            assert tuple(shown) == (built.run_id, as_of)
            assert as_of != operation.end_of_date
