"""At stake: a page that changed must be looked at, and a second run at the same instant must find nothing to do."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.deliverables.pages import PublishedPage
from delivery_ops.gates.due import by_page_and_gate, pages_due
from delivery_ops.gates.results import GateResult

DAY_END = datetime(2026, 3, 31, tzinfo=UTC)
GATES = ("schemaCheck", "seoTagsPresent")


def hours_before_end(hours: float) -> datetime:
    return DAY_END - timedelta(hours=hours)


def page(*, published: float = 1000, changed: float | None = None, key: str = "a.example/") -> PublishedPage:
    return PublishedPage(
        page_key=key,
        url=f"https://{key}",
        deliverable_id="d-1",
        client_id="acme",
        published_at=hours_before_end(published),
        changed_at=hours_before_end(published if changed is None else changed),
    )


def judged(gate: str, hours: float, *, key: str = "a.example/", outcome: str = "pass") -> GateResult:
    return GateResult(
        event_id=UUID(int=1),
        deliverable_id="d-1",
        gate=gate,
        url=f"https://{key}",
        page_key=key,
        outcome=outcome,  # type: ignore[arg-type]
        mode="enforce",
        verdict=outcome,  # type: ignore[arg-type]
        cause="sweep",
        rules_version="1",
        evaluated_at=hours_before_end(hours),
        findings=[],
    )


@pytest.mark.parametrize(
    ("live", "results", "is_due"),
    [
        pytest.param(page(), [], True, id="never judged"),
        pytest.param(page(), [judged(gate, 12) for gate in GATES], False, id="judged today"),
        pytest.param(page(), [judged("schemaCheck", 12)], True, id="one gate has not judged"),
        pytest.param(page(), [judged(gate, 24) for gate in GATES], False, id="judged exactly a day before"),
        pytest.param(page(), [judged(gate, 24.001) for gate in GATES], True, id="judged longer ago"),
        pytest.param(
            page(), [judged("schemaCheck", 25), judged("seoTagsPresent", 1)], True, id="one of them longer ago"
        ),
        pytest.param(page(changed=11), [judged(gate, 12) for gate in GATES], True, id="changed since"),
        pytest.param(page(changed=12), [judged(gate, 12) for gate in GATES], False, id="changed at that instant"),
        pytest.param(page(), [judged(gate, 12, outcome="fail") for gate in GATES], False, id="a fail was a judgement"),
        pytest.param(page(), [judged(gate, 12, outcome="error") for gate in GATES], True, id="an error was none"),
        pytest.param(
            page(), [judged("schemaCheck", 12), judged("seoTagsPresent", 12, outcome="error")], True, id="one error"
        ),
        pytest.param(page(), [judged(gate, -5, outcome="error") for gate in GATES], True, id="an error after that day"),
        pytest.param(
            page(), [judged(gate, 12, key="a.example/b") for gate in GATES], True, id="another page was judged"
        ),
        pytest.param(page(published=0), [], False, id="published only at the end of the day"),
        pytest.param(page(published=-5), [], False, id="published later"),
        pytest.param(page(), [judged(gate, -5) for gate in GATES], False, id="judged after that day"),
    ],
)
def test_a_page_is_due(live: PublishedPage, results: list[GateResult], is_due: bool) -> None:
    due = pages_due([live], by_page_and_gate(results), gates=GATES, day_end=DAY_END)
    assert due == ([live] if is_due else [])


def test_only_the_gates_in_force_count() -> None:
    assert pages_due([page()], {}, gates=(), day_end=DAY_END) == []
    results = by_page_and_gate([judged("schemaCheck", 1)])
    assert pages_due([page()], results, gates=("schemaCheck",), day_end=DAY_END) == []


@given(st.floats(0.001, 23.9), st.floats(0.001, 2000), st.floats(0, 2000))
def test_what_was_just_judged_is_not_due_again(now: float, published: float, changed: float) -> None:
    live = page(published=published + now, changed=min(changed, published) + now)
    results = by_page_and_gate([judged(gate, now) for gate in GATES])
    assert pages_due([live], results, gates=GATES, day_end=DAY_END) == []
