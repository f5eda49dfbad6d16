"""At stake: the ledger and a dictionary disagreeing on what a series of appends came to."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.ledger.ledger import Ledger

Make = Callable[..., EventDraft]

BATCHES = st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), max_size=6), max_size=5)
_numbers = itertools.count()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
def test_batches_come_to_what_a_dictionary_says(
    ledger: Ledger, draft: Make, batches: list[list[tuple[str, str]]]
) -> None:
    source = f"source-{next(_numbers)}"  # the ledger forgets nothing: each example has keys of its own
    taken: dict[str, tuple[str, UUID | None]] = {}
    for batch in batches:
        drafts = [draft(key, source=source, payload={"url": f"https://www.acme.example/{body}"}) for key, body in batch]
        for (key, body), result in zip(batch, ledger.append(drafts), strict=True):
            if key not in taken:
                assert result.outcome == "kept"
                taken[key] = (body, result.event_id)
            else:
                assert result.outcome == ("duplicate" if taken[key][0] == body else "conflict")
                assert result.event_id == taken[key][1]
