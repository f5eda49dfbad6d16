"""At stake: what was refused must reach a person, and what was put right since must not cry on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from delivery_ops_tests.commanding import give
from delivery_ops_tests.commands.conftest import REGISTERING
from delivery_ops_tests.commands.test_events import event


def test_what_was_refused_is_listed_until_it_is_put_right(operated: Callable[[str], Any], tmp_path: Path) -> None:
    with operated(REGISTERING) as environment:

        def rejected(*options: str) -> list[str]:
            said = give("rejected", *options, environment=environment)
            assert (said.code, said.err) == (0, "")
            return said.out.splitlines()

        assert rejected() == ["Nothing is rejected."]
        file = tmp_path / "events.ndjson"
        file.write_text("\n".join([event("1", deliverable_id="typo-1"), "{", event("2", colour="red")]))
        assert give("events", "append", file, environment=environment).code == 1
        lines = [line.partition("Z  ")[2] for line in rejected()]
        assert [line.partition(": ")[0] for line in lines] == [
            "cms  events.ndjson, line 1 (1)",
            "events.ndjson  events.ndjson, line 2",
            "events.ndjson  events.ndjson, line 3",
        ]
        assert lines[0].endswith(": nobody registered it, and no rule of registration matches it")
        [first, last] = rejected("--source", "events.ndjson", "--limit", "1")
        assert "line 2: " in first
        assert last == "and 1 more: --limit 2 lists all"

        file.write_text(event("1"))
        assert give("events", "append", file, environment=environment).code == 0
        document = json.loads("\n".join(rejected("--json", "--limit", "1")))
        [one] = document.pop("rejected")
        assert document == {"more": 1}
        assert (one["source"], one["origin"], one["code"]) == (
            "events.ndjson",
            "events.ndjson, line 2",
            "malformed_json",
        )
        assert {"idempotency_key", "reason", "times_seen", "last_seen_at"} < set(one)
        assert rejected("--source", "cms") == ["Nothing is rejected."]
