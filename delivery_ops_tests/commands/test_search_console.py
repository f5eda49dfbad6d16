"""At stake: a day that was not exported must not look exported. The simulated agency's Search Console over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from delivery_ops.settings import DEFAULT_CONFIG
from delivery_ops.simulator import faults
from delivery_ops.simulator.serve import serving
from delivery_ops_tests.commanding import Said, give

HALDEN = "sc-domain:halden.example"
MIRAVA = "http://www.mirava.example/"


@pytest.fixture(scope="module")
def agency(operated: Callable[[str], Any]) -> Iterator[Mapping[str, str]]:
    """The demo's operation, before anything was run, with a Search Console in which Mirava's permission is gone."""
    with serving(7, faults={MIRAVA: faults.forbidden(MIRAVA)}) as served:
        text = (DEFAULT_CONFIG / "delivery_ops.yaml").read_text(encoding="utf-8")
        text = text.replace("search_console:\n", f"search_console:\n  endpoint: {served.search_console_endpoint}\n")
        with operated(text.replace("../local", "../state")) as environment:
            yield environment


def exporting(agency: Mapping[str, str], property_: str, start: str, end: str, *more: str) -> Said:
    span = ["--start", start, "--end", end]
    return give("search-console", "export", "--property", property_, *span, *more, environment=agency)


@pytest.fixture(scope="module")
def exported(agency: Mapping[str, str]) -> list[Said]:
    """Three days; five days over them; and those again, for people."""
    return [
        exporting(agency, HALDEN, "2026-03-04", "2026-03-06", "--json"),
        exporting(agency, HALDEN, "2026-03-03", "2026-03-07", "--json"),
        exporting(agency, HALDEN, "2026-03-01", "2026-03-07"),
    ]


def test_search_console_export_goes_on_where_the_last_one_ended(exported: list[Said]) -> None:
    first, second, _ = exported
    assert (first.code, second.code) == (0, 0)
    assert first.document["exported"] == ["2026-03-04", "2026-03-05", "2026-03-06"]
    assert second.document["exported"] == ["2026-03-03", "2026-03-07"]
    assert (first.document["there_already"], second.document["there_already"]) == (0, 3)


def test_search_console_export_of_what_is_there_says_so_and_names_days_that_cannot_be_had(
    exported: list[Said],
) -> None:
    said = exported[2]
    assert said.code == 0
    # The configured start is 2 March: the day before is not wanted, that day itself was still missing.
    assert "exported    1 days: 2026-03-02 to 2026-03-02" in said.out
    assert "there       5 days before this call" in said.out
    assert "not to be had: 2026-03-01 to 2026-03-01" in said.out


def test_a_property_that_refuses_exits_1_with_cause_and_remedy(agency: Mapping[str, str]) -> None:
    said = exporting(agency, MIRAVA, "2026-03-04", "2026-03-05", "--json")
    assert said.code == 1
    assert said.document["exported"] == []
    assert said.document["missing"] == ["2026-03-04", "2026-03-05"]
    assert "sufficient permission" in said.document["error"]["cause"]
    text = exporting(agency, MIRAVA, "2026-03-04", "2026-03-05")
    assert text.code == 1
    assert "missing     2 days: 2026-03-04 to 2026-03-05" in text.out
    assert "sufficient permission" in text.err
    assert "Traceback" not in text.err


@pytest.mark.parametrize(
    ("property_", "start", "end", "cause"),
    [
        pytest.param("sc-domain:nobody.example", "2026-03-04", "2026-03-05", "not configured", id="unknown property"),
        pytest.param(HALDEN, "2026-03-05", "2026-03-04", "the last day is before the first", id="backwards"),
        pytest.param(HALDEN, "5.3.2026", "2026-03-06", "does not match the format", id="no date"),
    ],
)
def test_search_console_export_of_nothing_exits_2(
    agency: Mapping[str, str], property_: str, start: str, end: str, cause: str
) -> None:
    said = exporting(agency, property_, start, end, "--json")
    assert said.code == 2
    assert cause in said.document["cause"]


def test_search_console_export_without_the_section_exits_2(small: Mapping[str, str]) -> None:
    said = exporting(small, HALDEN, "2026-03-04", "2026-03-05")
    assert said.code == 2
    assert "it configures no search_console" in said.err
