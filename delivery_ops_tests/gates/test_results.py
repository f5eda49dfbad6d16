"""At stake: what counts is what was evaluated last, of pages that are still live, and the lake says the same."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.pages import published_pages
from delivery_ops.gates.fold import GATES
from delivery_ops.gates.results import holds, latest_by_page
from delivery_ops.ledger.consume import rebuild
from delivery_ops.ledger.ledger import Ledger
from delivery_ops_tests.gates.operating import BOTH, NOON, SITE, Operation, good, tomorrow


def test_the_fold_is_the_same_after_a_rebuild(operation: Operation) -> None:
    operation.publish("d-1", "/good")
    operation.publish("d-2", "/bad", html="<p>x")
    operation.sweep()

    def rows() -> list[list[Any]]:
        with operation.database.engine(Role.reader).connect() as connection:
            tables = ("ops.gate_result", "ops.hold")
            return [sorted(map(repr, connection.execute(text(f"select * from {one}")))) for one in tables]  # noqa: S608

    before = rows()
    assert list(map(len, before)) == [4, 2]
    rebuild(operation.database.engine(Role.folder), GATES)
    assert rows() == before


def test_the_latest_result_is_the_one_evaluated_last(operation: Operation) -> None:
    operation.publish("d-1", "/a", html="<p>")
    operation.publish("d-1", "/b")
    operation.sweep()
    operation.site["/a"] = (200, good("/a"))
    clock.read_from(lambda: NOON + timedelta(hours=2))
    operation.append("page.updated", "d-1", at=NOON + timedelta(hours=1), url=f"{SITE}/a")
    operation.sweep()
    with operation.database.engine(Role.reader).connect() as connection:
        by_page = [(one.gate, one.page_key, one.outcome) for one in latest_by_page(connection)]
    assert by_page == [
        (gate, page, "pass") for gate in BOTH for page in ("www.client.example/a", "www.client.example/b")
    ]


def test_synthetic_evaluations_are_kept_and_are_nobodys_latest(operation: Operation, tmp_path: Path) -> None:
    operation.publish("d-1", "/a")
    said = {"gate": "schemaCheck", "url": f"{SITE}/a", "outcome": "fail", "mode": "enforce", "verdict": "fail",
            "cause": "smoke", "rules_version": "1", "findings": [], "evidence": {}}  # fmt: skip
    smoke = Ledger(operation.database.engine(Role.writer), allow_synthetic=True)
    about = {"source": "smoke", "timestamp": NOON, "actor_role": "system", "deliverable_id": "d-1", "synthetic": True}
    drafts = [
        EventDraft(event_type="gate.evaluated", idempotency_key="1", payload=said, **about),  # type: ignore[arg-type]
        EventDraft(event_type="deliverable.held", idempotency_key="2", payload={"gate": "schemaCheck"}, **about),  # type: ignore[arg-type]
    ]
    assert [result.outcome for result in smoke.append(drafts)] == ["kept", "kept"]
    operation.fold()
    with operation.database.engine(Role.reader).connect() as connection:
        assert latest_by_page(connection) == []
        assert holds(connection) == set()
        assert connection.execute(text("select synthetic from ops.gate_result")).scalar_one() is True
    [row] = operation.exported(tmp_path)
    assert (row["synthetic"], row["standing"]) == (True, False)


def test_the_lake_gets_every_evaluation_in_the_columns_agreed(operation: Operation, tmp_path: Path) -> None:
    operation.publish("d-1", "/bad", html="<p>x")
    operation.sweep()
    [schema, seo] = sorted(operation.exported(tmp_path), key=lambda row: row["gate"])
    assert (schema["finding_codes"], schema["evaluated_at"], schema["synthetic"]) == ("jsonld_missing", NOON, False)
    assert seo["finding_codes"] == "canonical_missing,description_missing,h1_missing,lang_missing,title_missing"
    assert json.loads(schema["findings"]) == [
        {"code": "jsonld_missing", "severity": "error", "message": "the page has no JSON-LD block", "where": None}
    ]


def test_what_the_lake_says_stands_is_the_latest_of_every_live_page(operation: Operation, tmp_path: Path) -> None:
    for path in ("/bad", "/good", "/gone"):
        operation.publish("d-1", path, html="<p>x" if path == "/bad" else None)
    operation.publish("d-2", "/moved")
    operation.sweep()
    operation.site["/good"] = (200, "<p>x")
    operation.sweep(day_end=tomorrow())
    operation.append("page.unpublished", "d-1", at=NOON, url=f"{SITE}/gone")
    operation.append("page.published", "d-1", at=NOON, url=f"{SITE}/moved")  # d-1 was not judged there
    operation.fold()
    with operation.database.engine(Role.reader).connect() as connection:
        live = {(page.deliverable_id, page.page_key) for page in published_pages(connection)}
        latest = [one for one in latest_by_page(connection) if (one.deliverable_id, one.page_key) in live]
    standing = [row for row in operation.exported(tmp_path) if row["standing"]]
    assert sorted(row["event_id"] for row in standing) == sorted(str(one.event_id) for one in latest)
    assert {(row["page_key"], row["outcome"]) for row in standing} == {
        ("www.client.example/bad", "fail"),
        ("www.client.example/good", "fail"),
    }
