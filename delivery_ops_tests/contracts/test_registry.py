"""At stake: an event that says something else than its type promises, or a refusal nobody can act on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.registry import SCHEMAS, Registry, UnusableContract, registry
from delivery_ops.errors import Rejected

Make = Callable[..., EventDraft]

HEX = "0f" * 32
URL = "https://www.acme.example/launch"
GATE = {
    "gate": "schemaCheck",
    "url": URL,
    "outcome": "fail",
    "mode": "monitor",
    "verdict": "monitor",
    "cause": "sweep",
    "rules_version": "1",
    "findings": [{"code": "no_block", "severity": "error", "message": "No JSON-LD block.", "where": None}],
    "evidence": {"status": 200, "blocks": [], "title": None},
}
EXPORT = {
    "property": "sc-domain:acme.example",
    "date": "2026-03-02",
    "rows": 3,
    "matched": 2,
    "unmatched": 1,
    "clicks": 5,
    "impressions": 90,
    "deliverable_ids": [],
}
LOADED = {
    "source": "crm",
    "kind": "deals",
    "rows": 3,
    "kept": 1,
    "duplicate": 1,
    "rejected": 1,
    "digest": HEX,
    "error_class": None,
    "detail": None,
}
CONFLICT = {
    "source": "cms",
    "idempotency_key": "k",
    "kept_event_id": "0195f7a1-2b3c-7d4e-8f50-617283940a1b",
    "kept_digest": HEX,
    "refused_digest": HEX,
}
# Written by hand from the design, one payload that has to be taken for every type: (subject, payload).
TAKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "deliverable.registered": ("one", {"type": "page", "tier": "gold", "url": None, "first_source": "crm"}),
    "intake.received": ("one", {}),
    "scope.accepted": ("one", {}),
    "asset.uploaded": ("one", {"asset": "dam/7"}),
    "asset.revision_requested": ("one", {"reason": "The claim needs a source."}),
    "asset.approved": ("one", {}),
    "page.published": ("one", {"url": URL}),
    "page.updated": ("one", {"url": URL}),
    "page.unpublished": ("one", {"url": URL}),
    "sitemap.submitted": ("many", {"sitemap_url": URL, "deliverable_ids": ["a", "b"]}),
    "search_export.processed": ("many", EXPORT),
    "invoice.generated": (
        "many",
        {"invoice_id": "R-1", "amount_minor": 120_000, "currency": "EUR", "deliverable_ids": ["a"]},
    ),
    "deliverable.stage_changed": ("one", {"from": "review", "to": "publish"}),
    "work.logged": ("one", {"minutes": 90}),
    "source.loaded": ("none", LOADED),
    "gate.evaluated": ("one", GATE),
    "deliverable.held": ("one", {"gate": "schemaCheck"}),
    "deliverable.released": ("one", {"gate": "schemaCheck"}),
    "ingest.conflict": ("none", CONFLICT),
}


def typed(draft: Make, event_type: str, **changes: Any) -> EventDraft:
    subject, payload = TAKEN[event_type]
    subjects = {"deliverable_id": "D-7" if subject == "one" else None}
    return draft(**({"event_type": event_type, "payload": payload} | subjects | changes))


def test_the_registry_holds_these_types_and_no_others() -> None:
    assert {folder.name for folder in SCHEMAS.iterdir()} == set(TAKEN)


@pytest.mark.parametrize("event_type", TAKEN)
def test_a_draft_that_keeps_its_contract_is_taken_as_it_is(draft: Make, event_type: str) -> None:
    good = typed(draft, event_type)
    assert registry().validate(good) is good
    assert registry().contract(event_type, 1).subject == TAKEN[event_type][0]


def test_what_the_system_finds_out_is_for_it_alone_to_say() -> None:
    assert {event_type for event_type in TAKEN if registry().contract(event_type, 1).system_only} == {
        "source.loaded",
        "gate.evaluated",
        "deliverable.held",
        "deliverable.released",
        "ingest.conflict",
    }


@pytest.mark.parametrize("mode", ["enforce", "monitor"])
@pytest.mark.parametrize("outcome", ["pass", "fail", "error"])
def test_a_verdict_is_monitor_exactly_when_a_watched_gate_failed_and_else_the_outcome(
    draft: Make, outcome: str, mode: str
) -> None:
    right = "monitor" if (outcome, mode) == ("fail", "monitor") else outcome
    judged = {"outcome": outcome, "mode": mode}
    registry().validate(typed(draft, "gate.evaluated", payload=GATE | judged | {"verdict": right}))
    for wrong in {"pass", "fail", "error", "monitor"} - {right}:
        with pytest.raises(Rejected, match=f'payload.verdict is "{wrong}": "{right}" was expected'):
            registry().validate(typed(draft, "gate.evaluated", payload=GATE | judged | {"verdict": wrong}))


@pytest.mark.parametrize("event_type", TAKEN)
def test_every_contract_is_closed_and_described(draft: Make, event_type: str) -> None:
    schema = json.loads((SCHEMAS / event_type / "1.json").read_text())
    assert schema["title"] == event_type
    assert schema["description"]
    assert all(field["description"] for field in schema["properties"].values())
    extra = typed(draft, event_type, payload=TAKEN[event_type][1] | {"e_mail": "x"})
    with pytest.raises(Rejected, match="payload has the unknown field 'e_mail'; allowed are: "):
        registry().validate(extra)


@pytest.mark.parametrize(
    ("event_type", "field"),
    [(t, f) for t, (_, payload) in TAKEN.items() for f in payload if f not in {"asset", "reason"}],
)
def test_a_missing_field_is_named(draft: Make, event_type: str, field: str) -> None:
    less = {name: value for name, value in TAKEN[event_type][1].items() if name != field}
    with pytest.raises(Rejected) as refused:
        registry().validate(typed(draft, event_type, payload=less))
    assert refused.value.code == "contract_violation"
    assert refused.value.cause == f"payload.{field} is missing"


SUBJECTS = {
    "one without": ("page.published", {"deliverable_id": None}, "deliverable_id is missing"),
    "many with one": ("sitemap.submitted", {"deliverable_id": "a"}, "the event's subject is many: leave it out"),
    "none with one": ("source.loaded", {"deliverable_id": "a"}, "the event's subject is none: leave it out"),
    "no client": ("deliverable.registered", {"client_id": None}, "client_id is missing"),
    "a stream": ("page.published", {"stream": "page/7"}, "stream is 'page/7'; allowed is None"),
}


@pytest.mark.parametrize(("event_type", "changes", "cause"), SUBJECTS.values(), ids=SUBJECTS)
def test_an_envelope_that_does_not_fit_the_type_is_refused(
    draft: Make, event_type: str, changes: dict[str, Any], cause: str
) -> None:
    with pytest.raises(Rejected) as refused:
        registry().validate(typed(draft, event_type, **changes))
    assert refused.value.code == "contract_violation"
    assert cause in refused.value.cause


VIOLATIONS = {
    "a type": ("work.logged", {"minutes": "90"}, 'payload.minutes is "90": it is not of type "integer"'),
    "a bool for a count": ("work.logged", {"minutes": True}, 'payload.minutes is true: it is not of type "integer"'),
    "a minimum": ("work.logged", {"minutes": 0}, "payload.minutes is 0: it is less than the minimum of 1"),
    "an enum": (
        "deliverable.stage_changed",
        {"from": "intake", "to": "done"},
        'payload.to is "done": it is not one of "intake", "scope"',
    ),
    "a pattern": ("page.published", {"url": "ftp://a.example"}, 'payload.url is "ftp://a.example": it does not match'),
    "an address with a space": ("page.published", {"url": "https://a.example/ b"}, "it does not match"),
    "lower-case currency": ("invoice.generated", TAKEN["invoice.generated"][1] | {"currency": "eur"}, "currency"),
    "an id twice": (
        "sitemap.submitted",
        {"sitemap_url": URL, "deliverable_ids": ["a", "a"]},
        'payload.deliverable_ids is ["a","a"]: it has non-unique elements',
    ),
    "an empty id": ("sitemap.submitted", {"sitemap_url": URL, "deliverable_ids": ["a", ""]}, "deliverable_ids[1]"),
    "further in": (
        "gate.evaluated",
        GATE | {"findings": [GATE["findings"][0] | {"colour": 1}]},  # type: ignore[index]
        "payload.findings[0] has the unknown field 'colour'; allowed are: code, message, severity, where",
    ),
    "missing further in": (
        "gate.evaluated",
        GATE | {"findings": [{"code": "x"}]},
        "payload.findings[0].severity is missing; payload.findings[0].message is missing; "
        "payload.findings[0].where is missing",
    ),
    "several": (
        "search_export.processed",
        EXPORT | {"rows": -1, "clicks": "5", "date": "2 March", "matched": None},
        "; and 1 more",
    ),
    "a long value": ("page.published", {"url": "x" * 3000}, "..."),
}


@pytest.mark.parametrize(("event_type", "payload", "cause"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_violation_names_path_found_and_allowed(
    draft: Make, event_type: str, payload: dict[str, Any], cause: str
) -> None:
    with pytest.raises(Rejected) as refused:
        registry().validate(typed(draft, event_type, payload=payload))
    assert refused.value.code == "contract_violation"
    assert cause in refused.value.cause
    assert len(refused.value.cause) < 600
    assert refused.value.subject == f"{event_type} cms/page-7"


def test_an_unknown_type_is_refused_with_the_nearest_name(draft: Make) -> None:
    with pytest.raises(Rejected, match=r"no contract has the type 'page.publshed'; did you mean page.published\?") as e:
        registry().validate(draft(event_type="page.publshed"))
    assert e.value.code == "unknown_event_type"


def test_an_unknown_version_is_refused_with_the_known_ones(draft: Make) -> None:
    with pytest.raises(Rejected, match=r"page\.published has no version 2; known: 1") as refused:
        registry().validate(draft(schema_version=2))
    assert refused.value.code == "unknown_version"


def test_an_alias_is_taken_and_goes_on_under_the_types_own_name(draft: Make) -> None:
    approved = draft(event_type="scope.approved", payload={})
    assert registry().validate(approved) == draft(event_type="scope.accepted", payload={})


def test_the_registry_is_loaded_once() -> None:
    assert registry() is registry()


CLOSED: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "x-subject": "one",
    "required": ["gate"],
    "properties": {"gate": {"type": "string"}, "note": {"type": "string"}},
}


def load(folder: Path, schema: Any, *, name: str = "gate.mode_changed", version: str = "1") -> Registry:
    file = folder / name / f"{version}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return Registry.load(folder)


UNUSABLE: dict[str, tuple[Any, str]] = {
    "a personal field": (
        CLOSED | {"properties": {"gate": {"type": "object", "properties": {"mail": {"x-personal": True}}}}},
        "it marks properties.gate.properties.mail personal",
    ),
    "an open object": (CLOSED | {"additionalProperties": True}, "it is not closed"),
    "no object": ({"type": "string", "x-subject": "one"}, "it is not closed"),
    "no subject": ({k: v for k, v in CLOSED.items() if k != "x-subject"}, "x-subject is missing"),
    "another subject": (CLOSED | {"x-subject": "some"}, "x-subject is missing; allowed are one, many, none"),
    "many without ids": (CLOSED | {"x-subject": "many"}, "deliverable_ids must be required"),
    "a stream by an optional field": (CLOSED | {"x-stream": "note/{note}"}, "x-stream names note"),
    "another writer": (CLOSED | {"x-writer": "cms"}, "x-writer is 'cms'; allowed is system"),
    "no JSON Schema": (CLOSED | {"properties": {"gate": {"type": "sting"}}}, "it is no JSON Schema"),
    "no object at all": ([], "it holds no JSON object"),
    "no JSON": ("{,}", "line 1, column 2"),
    "a key twice": ('{"type": "object", "type": "string"}', "the key 'type' stands twice"),
}


@pytest.mark.parametrize(("schema", "cause"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_schema_that_cannot_serve_is_refused_when_loaded(tmp_path: Path, schema: Any, cause: str) -> None:
    with pytest.raises(UnusableContract) as refused:
        load(tmp_path, schema)
    assert cause in refused.value.cause
    assert refused.value.subject == "gate.mode_changed/1.json"


def test_a_second_version_is_refused_as_long_as_its_compatibility_cannot_be_proven(tmp_path: Path) -> None:
    load(tmp_path, CLOSED)
    with pytest.raises(UnusableContract, match="version 2 cannot be proven compatible with version 1"):
        load(tmp_path, CLOSED, version="2")


def test_a_folder_that_is_no_event_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableContract, match="no lower-case dotted event type"):
        load(tmp_path, CLOSED, name="GateModeChanged")


def test_two_types_cannot_have_one_alias(tmp_path: Path) -> None:
    load(tmp_path, CLOSED | {"x-aliases": ["gate.switched"]})
    with pytest.raises(UnusableContract, match=r"its alias gate.switched already names gate.mode_changed"):
        load(tmp_path, CLOSED | {"x-aliases": ["gate.switched"]}, name="gate.toggled")


def test_a_type_with_a_stream_is_written_to_that_stream_only(draft: Make, tmp_path: Path) -> None:
    contracts = load(tmp_path, CLOSED | {"x-stream": "gate/{gate}"})
    change = {"event_type": "gate.mode_changed", "payload": {"gate": "schemaCheck"}}
    assert contracts.validate(draft(**change, stream="gate/schemaCheck")).stream == "gate/schemaCheck"
    for stream in (None, "gate/other"):
        with pytest.raises(Rejected, match="allowed is 'gate/schemaCheck'"):
            contracts.validate(draft(**change, stream=stream))
