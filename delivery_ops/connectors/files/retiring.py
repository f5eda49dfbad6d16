"""Sources that left the configuration: their rows go, kept and refused ones, and that is said once.

Belongs here: finding them, by the lake's partitions and by what was announced. Does not belong here: loading. Rows of a
source that is not configured would count twice beside those of the same source under its new name.
"""

from __future__ import annotations

from delivery_ops.connectors.files.announcing import SOURCES, Outcome, announce, last_loads
from delivery_ops.connectors.files.load import DATASETS
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.file_source import SourceKind
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import Settings


def retire(kind: SourceKind, settings: Settings, lake: Lake, ledger: Ledger, database: Database) -> list[str]:
    """Take away the lake's rows of sources of ``kind`` that are no longer configured (or are of another kind now), and
    announce each as a load of no rows. Returns a sentence for each; a second call finds none."""
    configured = {source.name for source in settings.sources if source.kind == kind}
    dataset = DATASETS.get(kind)
    engine = database.engine(Role.folder)
    catch_up(engine, [SOURCES])
    with engine.connect() as connection:
        announced = {name: last for name, last in last_loads(connection).items() if last.outcome.kind == kind}
    said = "it is no longer configured; " + ("its rows were taken away" if dataset else "what it registered stands")
    unsaid = {name for name, last in announced.items() if last.outcome.detail != said}
    gone = sorted((unsaid | set(lake.partitions(dataset) if dataset else ())) - configured)
    for name in gone:
        if dataset:
            lake.remove(dataset, name)
        if name in unsaid:
            announce(ledger, Outcome(source=name, kind=kind, detail=said), announced[name])
        if name not in {source.name for source in settings.sources}:
            ledger.replace_rejections(name, None)
    return [f"{kind}: {name}: {said}" for name in gone]
