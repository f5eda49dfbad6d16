"""At stake: rows of a source that left the configuration go, and a person reads it only where nobody looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from delivery_ops.defs.outcomes import Outcome
from delivery_ops.file_source import FileSource
from delivery_ops.operation import open_operation
from delivery_ops.settings import Settings


def test_a_source_that_left_is_told_once_and_apart_from_what_was_never_there(
    settings_factory: Callable[..., Settings], empty_database_url: str, loaded: dg.Definitions, tmp_path: Path
) -> None:
    from delivery_ops.defs.files.assets import files

    [touches] = [asset for asset in files if asset.key == dg.AssetKey("raw_files__touches")]
    (tmp_path / "crm.csv").write_text("id,contact,at\nt-1,c,2026-03-02\n")
    columns = {"touch_id": "id", "contact_id": "contact", "touched_at": "at"}
    crm = FileSource(name="crm", kind="touches", path=str(tmp_path / "crm.csv"), columns=columns)

    def told(*sources: FileSource) -> Outcome:
        with open_operation(settings_factory(database_url=empty_database_url, sources=sources)) as operation:
            run = dg.materialize([touches], resources={"operation": operation})
        return Outcome.of(run.asset_materializations_for_node("raw_files__touches"))

    never = ("touches: no source is configured",)
    gone = ("touches: crm: it is no longer configured; its rows were taken away",)
    assert [(each.skipped, each.retired) for each in (told(crm), told(), told())] == [
        ((), ()),
        (never, gone),
        (never, ()),
    ]
