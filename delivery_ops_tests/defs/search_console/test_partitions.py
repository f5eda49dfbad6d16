"""At stake: a partition that names another day or property than the one that was exported."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops import starter
from delivery_ops.defs.search_console.partitions import days_by_property, partition_key, search_days
from delivery_ops.settings import CONFIG_VARIABLE, DEFAULT_CONFIG

START = date(2026, 3, 2)
PROPERTIES = ["sc-domain:halden.example", "http://www.mirava.example/", "http://www.pellworm.example/"]

days = st.dates(min_value=START, max_value=START + timedelta(days=200))


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> dg.MultiPartitionsDefinition:
    monkeypatch.setenv(CONFIG_VARIABLE, str(DEFAULT_CONFIG))
    return search_days()


def test_they_are_pacific_days_from_the_configured_start_by_configured_property(
    demo: dg.MultiPartitionsDefinition,
) -> None:
    by_name = {each.name: each.partitions_def for each in demo.partitions_defs}
    assert by_name["property"].get_partition_keys() == PROPERTIES
    day_keys = by_name["date"].get_partition_keys()
    # Over both changes of the clock in California (8 March, 1 November) no day is missing or there twice.
    assert day_keys[:245] == [str(START + timedelta(days=n)) for n in range(245)]
    assert by_name["date"].timezone == "America/Los_Angeles"


def test_an_operation_without_search_console_has_the_dimensions_and_no_partition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter.write(tmp_path)
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path))
    assert search_days().get_partition_keys() == []


@given(wanted=st.sets(st.tuples(st.sampled_from(PROPERTIES), days), min_size=1))
def test_keys_lead_back_to_their_property_and_day_in_order(wanted: set[tuple[str, date]]) -> None:
    found = days_by_property(partition_key(property_, day) for property_, day in wanted)
    assert found == {
        property_: sorted(day for named, day in wanted if named == property_)
        for property_ in sorted({named for named, _ in wanted})
    }


def test_a_key_as_dagster_stores_it_is_read_back_by_dagster(demo: dg.MultiPartitionsDefinition) -> None:
    key = partition_key(PROPERTIES[0], date(2026, 3, 8))
    assert str(key) == "2026-03-08|sc-domain:halden.example"
    [back] = [each for each in demo.get_partition_keys() if each == str(key)]
    assert days_by_property([back]) == {PROPERTIES[0]: [date(2026, 3, 8)]}


def test_a_key_of_one_dimension_is_refused() -> None:
    with pytest.raises(TypeError, match="no key of two dimensions"):
        days_by_property(["2026-03-02"])
