"""How a figure is taken: beside the least the work could cost, in the same run, on the same machine.

Belongs here: what a row of the table says, taking turns, and a server to measure on. Does not belong here: what is
measured; each module beside this one has ``rows()``. Absolute figures mean little on shared machines; a ratio of
neighbours in time means something.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from delivery_ops.database import server
from delivery_ops.database.database import Database
from delivery_ops.database.opening import open_database
from delivery_ops.settings import Settings

TURNS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table. ``measured`` and ``peer`` are medians in ``unit``; ``ratio`` is the median of their ratio
    turn by turn, and reaches ``target`` where it is at least that."""

    what: str
    unit: str
    measured: float
    peer_name: str
    peer: float
    ratio: float
    target: float

    @property
    def reached(self) -> bool:
        return self.ratio >= self.target


def beside(
    what: str, ours: Callable[[], float], *, peer_name: str, peer: Callable[[], float], unit: str, target: float
) -> Row:
    """Take ``ours`` and ``peer``, rates in ``unit``, in turns; the first turn warms both up and does not count."""
    turns = [(ours(), peer()) for _ in range(TURNS + 1)][1:]
    return Row(
        what=what,
        unit=unit,
        measured=median(mine for mine, _ in turns),
        peer_name=peer_name,
        peer=median(theirs for _, theirs in turns),
        ratio=median(mine / theirs for mine, theirs in turns),
        target=target,
    )


@contextmanager
def embedded_database() -> Iterator[Database]:
    """A new operation's database on an embedded server of its own, with the project's settings, on the disk."""
    folder = Path(tempfile.mkdtemp(prefix="delivery-ops-bench."))
    folder.chmod(0o755)  # the server's own account must enter it
    settings = Settings.model_validate(
        {
            "operation": "bench",
            "zone": "UTC",
            "clients": [{"id": "acme", "name": "Acme", "tier": "gold"}],
            "deliverable_types": ["page"],
            "state_dir": folder,
            "config_dir": folder,
        }
    )
    try:
        database = open_database(settings)
        yield database
        database.close()
    finally:
        server.stop(settings, force=True)
        shutil.rmtree(folder)
