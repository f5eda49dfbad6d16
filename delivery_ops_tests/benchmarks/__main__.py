"""``python -m delivery_ops_tests.benchmarks [ONLY=name]``: the table of figures, and the same in bench.json.

Belongs here: which modules are measured, and showing what they say. Exit code 1 where a target was missed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import import_module

from rich.console import Console
from rich.table import Table

from delivery_ops.settings import REPOSITORY
from delivery_ops_tests.benchmarks.measure import Row

NAMES = ("jobs_drain",)
FILE = REPOSITORY / "data" / "local" / "bench.json"


def main(arguments: list[str]) -> int:
    """Measure, print, write; rows of other names that were measured before stay in the file."""
    only = [argument.removeprefix("ONLY=") for argument in arguments if argument.startswith("ONLY=")]
    if unknown := [name for name in only if name not in NAMES]:
        sys.stderr.write(f"There is no {unknown[0]}; there are {', '.join(NAMES)}.\n")
        return 2
    measured = {name: _rows(name) for name in only or NAMES}
    _write({name: [asdict(row) | {"reached": row.reached} for row in rows] for name, rows in measured.items()})
    every = [row for rows in measured.values() for row in rows]
    Console().print(_table(every))
    return 0 if all(row.reached for row in every) else 1


def _rows(name: str) -> list[Row]:
    rows: list[Row] = import_module(f"delivery_ops_tests.benchmarks.{name}").rows()
    return rows


def _write(new: dict[str, list[dict[str, object]]]) -> None:
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(old | new, indent=2) + "\n", encoding="utf-8")


def _table(rows: list[Row]) -> Table:
    table = Table("what", "measured", "floor or peer", "ratio", "target", "reached")
    for row in rows:
        table.add_row(
            row.what,
            f"{row.measured:,.0f} {row.unit}",
            f"{row.peer:,.0f} {row.unit}: {row.peer_name}",
            f"{row.ratio:.2f}",
            f"≥ {row.target}",
            "yes" if row.reached else "NO",
        )
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
