"""Running a suite over many evidence rows at once, with Great Expectations.

Belongs here: everything that knows Great Expectations: building a suite, one validation for all rows, and reading its
result back row by row. Does not belong here: rules, findings, verdicts. The library is imported on first use (2 to 10
s) and its context is ephemeral: nothing is written anywhere. An expectation that could not be evaluated is no judgement
about any page, so it is raised, not counted.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from delivery_ops.errors import Permanent
from delivery_ops.gates.suites.rules import Rule, Severity

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

_ROW = "row"


class SuiteFailed(Permanent):
    """The suite could not judge: the rows or the rules are not what it needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Miss:
    """An expectation that one row does not meet, as the suite states it; ``value`` is what the row has instead."""

    code: str
    severity: Severity
    message: str
    value: int


def expectation_suite(name: str, rules: Sequence[Rule]) -> ExpectationSuite:
    """``rules`` as a suite: one expectation each, with code, severity and message as its meta data."""
    great_expectations = _great_expectations()
    return great_expectations.ExpectationSuite(
        name=name,
        expectations=[
            great_expectations.expectations.ExpectColumnValuesToBeBetween(
                column=rule.column,
                min_value=rule.at_least,
                max_value=rule.at_most,
                severity="critical" if rule.severity == "error" else "warning",
                meta={"code": rule.code, "severity": rule.severity, "message": rule.message},
            )
            for rule in rules
        ],
    )


def judge_rows(suite: ExpectationSuite, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Miss, ...]]:
    """What each of ``rows`` misses, in the suite's order; one entry per row, in the same order.

    Raises:
        SuiteFailed: an expectation could not be evaluated.
    """
    if not rows:
        return []
    import pandas as pd

    columns = {expectation.column for expectation in suite.expectations}
    frame = pd.DataFrame({name: pd.array([row[name] for row in rows], dtype="Int64") for name in sorted(columns)})
    frame[_ROW] = range(len(rows))
    result = (
        _batches()
        .get_batch(batch_parameters={"dataframe": frame})
        .validate(
            suite,
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [_ROW]},
        )
    )
    misses: list[list[Miss]] = [[] for _ in rows]
    for judged in result.results:
        config = judged.expectation_config
        if "unexpected_index_list" not in judged.result:
            raise SuiteFailed(
                "judging pages",
                subject=f"{suite.name}, {config.meta['code']}",
                cause=_cause(judged.exception_info),
                remedy="This is a defect of the gate, not of the pages: please report it.",
            )
        for missed in judged.result["unexpected_index_list"] or ():
            misses[int(missed[_ROW])].append(Miss(**config.meta, value=int(missed[config.kwargs["column"]])))
    order = [expectation.meta["code"] for expectation in suite.expectations]  # results come grouped by column
    return [tuple(sorted(of_row, key=lambda miss: order.index(miss.code))) for of_row in misses]


def _cause(exception_info: Mapping[str, Any]) -> str:
    """The message in what Great Expectations reports of an exception: flat, or one level deeper by metric."""
    for info in (exception_info, *(value for value in exception_info.values() if isinstance(value, Mapping))):
        if message := info.get("exception_message"):
            return str(message)
    return "an expectation was not evaluated"


@cache
def _great_expectations() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read at import; no usage data leaves the house
    with warnings.catch_warnings():
        # Its import warns of an optional Google package and of retired modules it still uses; nobody here can act.
        warnings.simplefilter("ignore")
        import great_expectations
        import great_expectations.expectations
    # It tells of temporary folders at a level of its own: any library that calls basicConfig brings that on the screen.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    return great_expectations


@cache
def _batches() -> Any:
    """Where rows go in: a data frame asset of an ephemeral context, without its progress bars."""
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = _great_expectations().get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("evidence")
        .add_dataframe_asset("pages")
        .add_batch_definition_whole_dataframe("all")
    )
