"""At stake: an event nobody can place in time, and bytes from anywhere that end in a traceback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.strict_json import parse_json_strict
from delivery_ops.contracts.wire import from_wire, to_wire
from delivery_ops.errors import Rejected

Make = Callable[..., EventDraft]

WIRE: dict[str, Any] = {
    "event_id": "0195f7a1-2b3c-7d4e-8f50-617283940a1b",
    "event_type": "page.published",
    "schema_version": 1,
    "source": "cms",
    "idempotency_key": "page-7",
    "timestamp": "2026-03-02T10:30:00+01:00",
    "actor": {"role": "editor", "id": "u-12"},
    "deliverable_id": "D-7",
    "client_id": "acme",
    "correlation_id": "launch",
    "causation_id": "0195f7a1-2b3c-7d4e-8f50-617283940a1c",
    "synthetic": True,
    "payload": {"url": "https://www.acme.example/launch"},
}


def test_the_wire_form_is_read_field_by_field() -> None:
    assert from_wire(WIRE) == EventDraft(
        event_id=UUID("0195f7a1-2b3c-7d4e-8f50-617283940a1b"),
        event_type="page.published",
        schema_version=1,
        source="cms",
        idempotency_key="page-7",
        timestamp=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        actor_role="editor",
        actor_id="u-12",
        deliverable_id="D-7",
        client_id="acme",
        correlation_id="launch",
        causation_id=UUID("0195f7a1-2b3c-7d4e-8f50-617283940a1c"),
        synthetic=True,
        payload={"url": "https://www.acme.example/launch"},
    )


def test_optional_fields_may_be_absent_or_null() -> None:
    required = {name: WIRE[name] for name in ("event_type", "source", "idempotency_key", "timestamp", "payload")}
    bare = from_wire(required | {"actor": {"role": "editor"}})
    nulls = {name: None for name in WIRE if name not in required and name != "actor"}
    assert from_wire(required | nulls | {"actor": {"role": "editor", "id": None}}) == bare
    assert (bare.schema_version, bare.deliverable_id, bare.synthetic, bare.event_id) == (1, None, False, None)


BAD_WIRE = {
    "a list": ([], "the event is a value of the type list; allowed is an object"),
    "null": (None, "the event is None; allowed is an object"),
    "no source, no key": ({"source": ..., "idempotency_key": ...}, "the event lacks source, idempotency_key"),
    "an unknown field": ({"colour": 1}, "the event has the unknown field 'colour'; allowed are actor, "),
    "a stream": ({"stream": "gate/x"}, "the event has the unknown field 'stream'"),
    "a position": ({"position": 1}, "the event has the unknown field 'position'"),
    "an actor by name": ({"actor": "Ann"}, "actor is 'Ann'; allowed is an object with role and id"),
    "an actor without role": ({"actor": {}}, "actor lacks role"),
    "an actor with a name": ({"actor": {"role": "x", "name": "Ann"}}, "actor has the unknown field 'name'"),
    "an empty role": ({"actor": {"role": ""}}, "actor_role is ''; allowed is a text that is not empty"),
    "an empty source": ({"source": ""}, "source is ''; allowed is a text that is not empty"),
    "a source that is a number": ({"source": 5}, "source is 5; allowed is a text"),
    "a source with U+0000": ({"source": "a\0"}, "source holds the character U+0000"),
    "a key with a lone surrogate": ({"idempotency_key": "\ud800"}, "idempotency_key holds a lone surrogate"),
    "a key of 1,001 bytes": ({"idempotency_key": "é" * 500 + "x"}, "allowed is at most 1000 bytes"),
    "an empty deliverable_id": ({"deliverable_id": ""}, "deliverable_id is ''"),
    "version 0": ({"schema_version": 0}, "schema_version is 0; allowed is an integer from 1"),
    "version true": ({"schema_version": True}, "schema_version is True"),
    "version 1.0": ({"schema_version": 1.0}, "schema_version is 1.0"),
    "a huge version": ({"schema_version": 10**5000}, "schema_version is a value of the type int"),
    "synthetic as a text": ({"synthetic": "yes"}, "synthetic is 'yes'; allowed is true or false"),
    "a payload that is a list": ({"payload": []}, "payload is a value of the type list; allowed is an object"),
    "an event_id that is none": ({"event_id": "7"}, "event_id is '7'; allowed is a UUID"),
    "an event_id in braces": ({"event_id": "{" + WIRE["event_id"] + "}"}, "allowed is a UUID in lower case"),
    "an event_id that is a number": ({"event_id": 7}, "event_id is 7"),
    "a naive timestamp": ({"timestamp": "2026-03-02T09:30:00"}, "allowed is RFC 3339 with an offset"),
    "a date": ({"timestamp": "2026-03-02"}, "allowed is RFC 3339"),
    "an epoch": ({"timestamp": 1772443800}, "timestamp is 1772443800; allowed is RFC 3339"),
    "a timestamp with a newline": ({"timestamp": "2026-03-02T09:30:00Z\n"}, "allowed is RFC 3339"),
    "a timestamp in Arabic digits": ({"timestamp": "٢٠٢٦-03-02T09:30:00Z"}, "allowed is RFC 3339"),
    "30 February": ({"timestamp": "2026-02-30T09:30:00Z"}, "day is out of range"),
    "hour 24": ({"timestamp": "2026-02-03T24:30:00Z"}, "hour must be in 0..23"),
    "before the year 1 in UTC": ({"timestamp": "0001-01-01T00:00:00+01:00"}, "the years 1 to 9999"),
}


@pytest.mark.parametrize(("changes", "cause"), BAD_WIRE.values(), ids=BAD_WIRE)
def test_a_wrong_envelope_is_refused_naming_found_and_allowed(changes: Any, cause: str) -> None:
    wire = WIRE | changes if isinstance(changes, dict) else changes
    if isinstance(wire, dict):
        wire = {name: value for name, value in wire.items() if value is not ...}
    with pytest.raises(Rejected) as refused:
        from_wire(wire)
    assert refused.value.code == "invalid_envelope"
    assert cause in refused.value.cause


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(list(WIRE.values())[:9]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional={name: st.just(value) | ANYTHING for name, value in WIRE.items()}) | ANYTHING)
def test_whatever_json_arrives_it_is_a_draft_or_a_rejection(wire: Any) -> None:
    with contextlib.suppress(Rejected):
        assert isinstance(from_wire(wire), EventDraft)


@given(st.binary(max_size=80))
def test_whatever_bytes_arrive_they_are_a_draft_or_a_rejection(data: bytes) -> None:
    with contextlib.suppress(Rejected):
        assert isinstance(from_wire(parse_json_strict(data)), EventDraft)


def test_a_value_too_deep_to_print_is_refused_like_any_other() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    for wire in (deep, WIRE | {"payload": {"a": deep}}, WIRE | {"source": deep}):
        with pytest.raises(Rejected):
            from_wire(wire)


OFF_UTC_EPOCH = datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))


@given(
    st.integers(-(10**15), 10**15).map(lambda us: OFF_UTC_EPOCH + timedelta(microseconds=us)),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40),
    st.booleans(),
)
def test_what_is_written_to_the_wire_reads_back_equal(at: datetime, text: str, flag: bool) -> None:
    draft = replace(from_wire(WIRE), timestamp=at, idempotency_key=text, payload={"a": text}, synthetic=flag)
    assert from_wire(parse_json_strict(json.dumps(to_wire(draft)).encode())) == draft
