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

from delivery_ops.attribution.intake import CONVERSIONS, TOUCHES, Intake, open_intake, query, take
from delivery_ops.config_values import LONGEST_DAYS
from delivery_ops.errors import BadUsage
from delivery_ops.lake import datasets
from delivery_ops.lake.lake import Lake
from delivery_ops.settings import ModelName
from delivery_ops.warehouse.dbt import build
from delivery_ops.warehouse.project import Warehouse

MODELS: tuple[str, ...] = get_args(ModelName)
ALL_MODELS = "all"
_PIECE_ROWS = 100_000
_REJECTED = "rejected.csv"


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

    Ids are text, byte for byte; instants without an offset are UTC. A touch is eligible from ``window_days`` x 86,400 s
    before the conversion (excluded) to the conversion (included). ``models`` are of ``MODELS``, or "all". With
    ``as_csv``, ``credit.csv`` and ``summary.csv`` are written too. Files of an earlier run in ``out`` are replaced.

    Raises:
        BadUsage: an unknown model, an impossible window, an unreadable file, a missing column.
    """
    wanted = _wanted(models)
    if not 1 <= window_days <= LONGEST_DAYS:
        raise _bad(f"a window of {window_days} days", f"it is not within 1 and {LONGEST_DAYS}")
    _make_folder(out)
    with tempfile.TemporaryDirectory(prefix="delivery-ops-attribution.") as name:
        warehouse = _warehouse(Path(name), wanted, window_days)
        with open_intake(Path(name) / "intake.duckdb") as intake:
            taken = take(intake, touches, TOUCHES), take(intake, conversions, CONVERSIONS)
            revenue = _hand_on(intake, Lake(warehouse.lake), out)
        build(warehouse, select=["+fct_attribution_credit", "+fct_revenue"])
        files, totals = _results(warehouse, out, as_csv=as_csv)
    return AttributionSummary(
        touches=taken[0],
        conversions=taken[1],
        window_days=window_days,
        models=tuple(wanted),
        revenue_minor=revenue,
        totals=totals,
        files=(*files, out / _REJECTED),
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


def _warehouse(scratch: Path, models: Sequence[str], window_days: int) -> Warehouse:
    return Warehouse(
        file=scratch / "warehouse.duckdb",
        lake=scratch / "lake",
        artifacts=scratch / "dbt",
        variables={"attribution_models": models, "attribution_window_days": window_days},
    )


def _hand_on(intake: duckdb.DuckDBPyConnection, lake: Lake, out: Path) -> dict[str, int]:
    """Write the kept rows into ``lake`` as those of two sources (every conversion is a deal with one revenue row), and
    the rejected ones into ``out``. Returns the revenue by currency."""
    lake.prepare()
    for dataset in (datasets.TOUCHES, datasets.DEALS, datasets.REVENUE):
        pieces = intake.sql(query(dataset.name)).to_arrow_reader(_PIECE_ROWS)
        tables = (pa.Table.from_batches([piece]).cast(dataset.schema) for piece in pieces)
        lake.write_batches(dataset, "file", tables)
    intake.table("rejected").order('file, line, "row"').write_csv(str(out / _REJECTED))
    return dict(intake.sql(query("revenue")).aggregate("currency, sum(amount_minor)::BIGINT").fetchall())


def _results(warehouse: Warehouse, out: Path, *, as_csv: bool) -> tuple[list[Path], tuple[ModelTotals, ...]]:
    """Write credit and summary into ``out``. Returns their files, and the totals."""
    files = []
    with duckdb.connect(str(warehouse.file), read_only=True) as marts:
        for name in ("credit", "summary"):
            rows = marts.sql(query(name))
            rows.write_parquet(str(out / f"{name}.parquet"))
            files.append(out / f"{name}.parquet")
            if as_csv:
                rows.write_csv(str(out / f"{name}.csv"))
                files.append(out / f"{name}.csv")
        return files, tuple(_totals(row) for row in marts.sql(query("totals")).fetchall())


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
