"""At stake: what a step found must come back from Dagster's record as it went in, and a step that stops must say what
to do, be tried again when that can help, and only then.

The steps are run by Dagster itself, on an instance in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.defs import outcomes
from delivery_ops.defs.outcomes import Outcome, failure, stops_plainly
from delivery_ops.errors import DeliveryOpsError, Permanent, Rejected, Transient
from delivery_ops.reports.data import Balance, Failure

text = st.text(max_size=20)
balances = st.builds(
    Balance,
    kind=st.sampled_from(["events", "search", "file"]),
    subject=text,
    incoming=st.integers(),
    outcomes=st.dictionaries(text, st.integers(), max_size=3),
)
failures = st.builds(Failure, what=text, subject=text, cause=text, remedy=text)
found = st.builds(
    Outcome,
    balances=st.tuples(balances) | st.just(()),
    failures=st.tuples(failures, failures) | st.just(()),
    skipped=st.tuples(text) | st.just(()),
    retired=st.tuples(text) | st.just(()),
    changed=st.booleans(),
)


def kept(outcome: Outcome, **more: object) -> dg.AssetMaterialization:
    """``outcome`` as Dagster stores it: through JSON."""
    event = dg.AssetMaterialization("x", metadata=outcome.metadata(**more))
    return dg.deserialize_value(dg.serialize_value(event), dg.AssetMaterialization)


@given(outcome=found)
def test_an_outcome_comes_back_as_it_went_in(outcome: Outcome) -> None:
    assert Outcome.of([kept(outcome, rows=3)]) == outcome


@given(parts=st.lists(found, max_size=4))
def test_several_are_told_one_after_the_other(parts: list[Outcome]) -> None:
    together = Outcome.of([*map(kept, parts), dg.AssetMaterialization("states nothing")])
    assert together.balances == tuple(balance for part in parts for balance in part.balances)
    assert together.failures == tuple(each for part in parts for each in part.failures)
    assert together.skipped == tuple(sentence for part in parts for sentence in part.skipped)
    assert together.retired == tuple(sentence for part in parts for sentence in part.retired)
    assert together.changed == any(part.changed for part in parts)


def test_a_failure_carries_the_errors_cause_and_remedy() -> None:
    error = Permanent("loading", subject="a.csv", cause="it is gone", remedy="Put it back.")
    assert failure("File", error) == Failure(what="File", subject="a.csv", cause="it is gone", remedy="Put it back.")


ERRORS = [
    Permanent("loading", subject="a.csv", cause="it is gone", remedy="Put it back."),
    Rejected("loading", subject="a.csv", cause="it is odd", remedy="Put it right.", code="odd"),
    Transient("loading", subject="a.csv", cause="it is busy", remedy="Wait.", retry_after=timedelta(hours=1)),
    ZeroDivisionError("a defect"),
]


@pytest.mark.parametrize("as_generator", [False, True], ids=["a result", "a generator"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_step_is_tried_again_only_when_waiting_can_help(
    monkeypatch: pytest.MonkeyPatch, error: Exception, as_generator: bool
) -> None:
    monkeypatch.setattr(outcomes, "_RETRY_WAIT_SECONDS", 0)
    tries = []

    def body() -> dg.MaterializeResult:
        tries.append(1)
        raise error

    def results() -> Iterator[dg.MaterializeResult]:
        yield body()

    asset = dg.asset(name="step")(stops_plainly(results if as_generator else body))
    result = dg.materialize([asset], raise_on_error=False)
    assert not result.success
    assert len(tries) == (3 if isinstance(error, Transient) else 1)
    [failed] = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    if isinstance(error, DeliveryOpsError):
        assert told.description == str(error)
        assert {name: value.value for name, value in told.metadata.items()} == error.as_record()
    else:
        assert told is None


def test_what_passes_at_the_second_try_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "_RETRY_WAIT_SECONDS", 0)
    waits = iter([Transient("loading", subject="a.csv", cause="it is busy", remedy="Wait.")])

    @dg.asset
    @stops_plainly
    def step() -> dg.MaterializeResult:
        for wait in waits:
            raise wait
        return dg.MaterializeResult(metadata={"rows": 1})

    assert dg.materialize([step]).success


class Refusing:
    """An operation of which nothing can be had."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):  # Dagster looks for its own marks
            raise AttributeError(name)
        raise Permanent("opening", subject=name, cause="it is gone", remedy="Put it back.")


def test_every_step_of_ours_ends_plainly(loaded: dg.Definitions) -> None:
    steps = list(loaded.assets or ())
    assert {key for step in steps for key in step.keys} == {spec.key for spec in loaded.resolve_all_asset_specs()}
    for step in steps:
        chosen = {"partition_key": next(iter(step.partitions_def.get_partition_keys()))} if step.partitions_def else {}
        result = dg.materialize([step], resources={"operation": Refusing()}, raise_on_error=False, **chosen)
        [failed] = result.filter_events(lambda event: event.is_step_failure)
        told = failed.step_failure_data.user_failure_data
        assert told is not None, step
        assert told.metadata["remedy"].value == "Put it back."
