"""Every attribution model on two files: who gets how much of each conversion.

Belongs here: from files to files, through a temporary lake and warehouse. Does not belong here: formulas
(``dbt_project``), the command line (``cli``). What comes out adds up to what was kept, per model and currency, to the
minor unit: dbt's blocking tests hold it inside, ``AttributionSummary.conserved`` compares with the file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import duckdb
import pyarrow as pa

from delivery_ops.attribution.intake import CONVERSIONS, SQL, TOUCHES, Intake, open_intake, take
from delivery_ops.errors import BadUsage
from delivery_ops.lake import datasets
from delivery_ops.lake.lake import Lake
from delivery_ops.settings import ModelName
from delivery_ops.warehouse.dbt import build
from delivery_ops.warehouse.project import Warehouse

MODELS: tuple[str, ...] = get_args(ModelName)
ALL_MODELS = "all"
_PIECE_ROWS = 100_000
_LONGEST_WINDOW_DAYS = 36_525  # a century; longer ones leave the range of instants


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelTotals:
    """What one model made of all revenue of one currency, in minor units; ``unattributed_minor`` is by reason."""

    model: str
    currency: str
    conversions: int
    attributed_minor: int
    unattributed_minor: Mapping[str, int]

    @property
    def credit_minor(self) -> int:
        """All credit: the attributed and the unattributed."""
        return self.attributed_minor + sum(self.unattributed_minor.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributionSummary:
    """What went in, what came out, and the files it stands in. ``revenue_minor`` is the kept rows', by currency."""

    touches: Intake
    conversions: Intake
    window_days: int
    models: tuple[str, ...]
    revenue_minor: Mapping[str, int]
    totals: tuple[ModelTotals, ...]
    files: tuple[Path, ...]

    @property
    def conserved(self) -> bool:
        """Whether each model's credit adds up to the revenue, in every currency."""
        credit = {(total.model, total.currency): total.credit_minor for total in self.totals}
        revenue = {
            (model, currency): self.revenue_minor[currency] for model in self.models for currency in self.revenue_minor
        }
        return credit == revenue


def run_attribution(
    touches: Path,
    conversions: Path,
    out: Path,
    *,
    models: Sequence[str] = (ALL_MODELS,),
    window_days: int = 30,
    as_csv: bool = False,
) -> AttributionSummary:
    """Attribute ``conversions`` to ``touches`` and write ``credit.parquet``, ``summary.parquet`` and ``rejected.csv``.

    The columns of the files are those of the command ``attribution run``; ids are text, byte for byte, and instants
    without an offset are UTC. A touch is eligible from ``window_days`` x 86,400 s before the conversion (that instant
    excluded) to the conversion (included). Files of an earlier run in the folder ``out`` are replaced.

    Args:
        models: of ``MODELS``, or "all".
        as_csv: write ``credit.csv`` and ``summary.csv`` too.

    Raises:
        BadUsage: an unknown model, an impossible window, an unreadable file, a missing column.
    """
    wanted = _wanted(models)
    if not 1 <= window_days <= _LONGEST_WINDOW_DAYS:
        raise _bad(f"a window of {window_days} days", f"it is not within 1 and {_LONGEST_WINDOW_DAYS}")
    _make_folder(out)
    with tempfile.TemporaryDirectory(prefix="delivery-ops-attribution.") as name:
        scratch = Path(name)
        warehouse = Warehouse(
            file=scratch / "warehouse.duckdb",
            lake=scratch / "lake",
            artifacts=scratch / "dbt",
            variables={"attribution_models": wanted, "attribution_window_days": window_days},
        )
        with open_intake(scratch / "intake.duckdb") as intake:
            taken = take(intake, touches, TOUCHES), take(intake, conversions, CONVERSIONS)
            _fill(Lake(warehouse.lake), intake)
            revenue = dict(intake.sql(_query("revenue")).aggregate("currency, sum(amount_minor)::BIGINT").fetchall())
            intake.table("rejected").order('file, line, "row"').write_csv(str(out / "rejected.csv"))
        build(warehouse, select=["+fct_attribution_credit", "+fct_revenue"])
        with duckdb.connect(str(warehouse.file), read_only=True) as marts:
            files = _write(marts, out, as_csv=as_csv)
            totals = tuple(_totals(row) for row in marts.sql(_query("totals")).fetchall())
    return AttributionSummary(
        touches=taken[0],
        conversions=taken[1],
        window_days=window_days,
        models=tuple(wanted),
        revenue_minor=revenue,
        totals=totals,
        files=(*files, out / "rejected.csv"),
    )


def _wanted(models: Sequence[str]) -> list[str]:
    for name in models:
        if name not in (*MODELS, ALL_MODELS):
            raise _bad(f"the model {name!r}", f"there is none of that name; there are {', '.join(MODELS)}, or all")
    if not models:
        raise _bad("no model", f"name at least one of {', '.join(MODELS)}, or all")
    return [name for name in MODELS if ALL_MODELS in models or name in models]


def _bad(subject: str, cause: str) -> BadUsage:
    return BadUsage("attributing", subject=subject, cause=cause, remedy="Correct the option and run it again.")


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _bad(f"the folder {out}", str(error)) from error


def _fill(lake: Lake, intake: duckdb.DuckDBPyConnection) -> None:
    """Write the kept rows into ``lake`` as those of two sources; every conversion is a deal with one revenue row."""
    lake.prepare()
    for dataset in (datasets.TOUCHES, datasets.DEALS, datasets.REVENUE):
        pieces = intake.sql(_query(dataset.name)).to_arrow_reader(_PIECE_ROWS)
        tables = (pa.Table.from_batches([piece]).cast(dataset.schema) for piece in pieces)
        lake.write_batches(dataset, "file", tables)


def _write(marts: duckdb.DuckDBPyConnection, out: Path, *, as_csv: bool) -> list[Path]:
    files = []
    for name in ("credit", "summary"):
        rows = marts.sql(_query(name))
        rows.write_parquet(str(out / f"{name}.parquet"))
        files.append(out / f"{name}.parquet")
        if as_csv:
            rows.write_csv(str(out / f"{name}.csv"))
            files.append(out / f"{name}.csv")
    return files


def _totals(row: tuple[Any, ...]) -> ModelTotals:
    model, currency, conversions, attributed, no_identity, no_touch, no_touch_in_window = row
    return ModelTotals(
        model=model,
        currency=currency,
        conversions=conversions,
        attributed_minor=int(attributed),
        unattributed_minor={
            "no_identity": int(no_identity),
            "no_touch": int(no_touch),
            "no_touch_in_window": int(no_touch_in_window),
        },
    )


def _query(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
