"""The fold must say what the events say, however they were cut into batches, and again after a rebuild."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from delivery_ops.database.roles import Role
from delivery_ops.deliverables import fold
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.deliverables.pages import published_pages, url_owners
from delivery_ops.deliverables.stages import Stage
from delivery_ops.ledger.consume import rebuild

START = datetime(2026, 3, 2, tzinfo=UTC)
A, B = "https://www.acme.example/a", "https://www.acme.example/b"
EXPORT: dict[str, Any] = {
    "property": "sc-domain:acme.example",
    "date": "2026-03-02",
    "rows": 1,
    "matched": 1,
    "unmatched": 0,
    "clicks": 0,
    "impressions": 1,
}
TABLES = ("ops.deliverable", "ops.page_claim", "ops.deliverable_url", "ops.stage_move")


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def everything(operation) -> list[list[tuple[Any, ...]]]:
    return [sorted(operation.rows(f"select * from {table}"), key=repr) for table in TABLES]  # noqa: S608


def owners(operation) -> dict[str, list[tuple[str, datetime, datetime | None]]]:
    with operation.reading() as connection:
        pages = url_owners(connection)
    return {key: [(one.deliverable_id, one.valid_from, one.valid_to) for one in page] for key, page in pages.items()}


def test_a_deliverable_goes_from_registration_to_report(operation) -> None:
    operation.append(
        operation.registered(url=A),
        operation.draft("intake.received", day=1),
        operation.draft("asset.uploaded", day=2),
        operation.draft("page.published", day=3, url=f"{A}?utm_source=mail"),
        operation.draft("search_export.processed", None, day=5, deliverable_ids=["d-1", "unknown"], **EXPORT),
    )
    with operation.reading() as connection:
        pages = published_pages(connection)
    assert operation.rows("select deliverable_id, stage, stage_since, holding_gates from ops.deliverable") == [
        ("d-1", "report", day(5), [])
    ]
    assert [(page.url, page.deliverable_id, page.client_id, page.published_at) for page in pages] == [
        (f"{A}?utm_source=mail", "d-1", "acme", day(3))
    ]
    assert operation.rows("select from_stage, to_stage, moved_at, illegal from ops.stage_move order by position") == [
        (None, "intake", day(1), False),
        ("intake", "design", day(2), False),
        ("design", "publish", day(3), False),
        ("publish", "report", day(5), False),
    ]
    assert operation.rows("select url, page_key, published_at, registered_at, tier from ops.deliverable") == [
        (f"{A}?utm_source=mail", "www.acme.example/a", day(3), day(0), "gold")
    ]


def test_an_illegal_move_is_applied_and_listed(operation) -> None:
    operation.append(
        operation.registered(), operation.draft("asset.approved"), operation.draft("scope.accepted", day=1)
    )
    assert operation.rows("select stage, illegal_moves from ops.deliverable") == [("scope", 1)]
    assert operation.rows("select to_stage from ops.stage_move where illegal") == [("scope",)]


def test_a_held_deliverable_stays_in_qa_until_the_last_gate_releases_it(operation) -> None:
    told = {"from": "qa", "to": "report"}
    operation.append(
        operation.registered(),
        operation.draft("deliverable.stage_changed", **{"from": "publish", "to": "qa"}),
        operation.draft("deliverable.held", gate="schemaCheck"),
        operation.draft("deliverable.held", gate="seoTagsPresent"),
        operation.draft("deliverable.stage_changed", day=1, **told),
        operation.draft("deliverable.released", day=2, gate="schemaCheck"),
    )
    query = "select stage, waiting_stage, holding_gates, illegal_moves from ops.deliverable"
    assert operation.rows(query) == [("qa", "report", ["seoTagsPresent"], 1)]
    assert operation.rows("select to_stage, applied from ops.stage_move where illegal") == [("report", False)]
    operation.append(operation.draft("deliverable.released", day=3, gate="seoTagsPresent"))
    assert operation.rows(query) == [("report", None, [], 1)]


def test_a_registered_address_belongs_to_its_deliverable_since_ever(operation) -> None:
    operation.append(operation.registered(url=A), operation.registered("d-2", url=B))
    since_ever = datetime(1970, 1, 1, tzinfo=UTC)
    assert owners(operation) == {
        "www.acme.example/a": [("d-1", since_ever, None)],
        "www.acme.example/b": [("d-2", since_ever, None)],
    }


def test_its_first_source_may_say_anew_what_a_deliverable_is_and_others_only_where(operation) -> None:
    query = "select deliverable_type, tier, url, first_source from ops.deliverable"
    operation.append(operation.registered(first_source="cms"))
    operation.append(operation.registered(first_source="crm", type="article", tier="silver", url=A))
    assert operation.rows(query) == [("landing_page", "gold", A, "cms")]
    operation.append(operation.registered(first_source="crm", url=B))
    assert operation.rows(query) == [("landing_page", "gold", A, "cms")]
    operation.append(operation.registered(first_source="cms", type="article", tier="silver", url=B))
    assert operation.rows(query) == [("article", "silver", B, "cms")]
    operation.append(operation.draft("page.published", url=A), operation.registered(first_source="cms", url=B))
    assert operation.rows(query) == [("landing_page", "gold", A, "cms")]


def test_a_page_that_another_deliverable_publishes_is_handed_over(operation) -> None:
    operation.append(operation.registered("d-1"), operation.registered("d-2"))
    operation.append(operation.draft("page.published", "d-1", day=1, url=A))
    operation.append(operation.draft("page.published", "d-2", day=3, url=A))
    assert owners(operation) == {"www.acme.example/a": [("d-1", day(1), day(3)), ("d-2", day(3), None)]}
    with operation.reading() as connection:
        assert [page.deliverable_id for page in published_pages(connection)] == ["d-2"]


def test_a_stage_told_late_is_in_the_history_and_does_not_end_the_inference(operation) -> None:
    operation.append(
        operation.registered(),
        operation.draft("page.published", day=5, url=A),
        operation.draft("deliverable.stage_changed", day=1, **{"from": "scope", "to": "design"}),
        operation.draft("search_export.processed", None, day=7, deliverable_ids=["d-1"], **EXPORT),
    )
    assert operation.rows("select to_stage, moved_at, illegal, applied from ops.stage_move order by position") == [
        ("publish", day(5), False, True),
        ("design", day(1), False, False),
        ("report", day(7), False, True),
    ]
    assert operation.rows("select stage, stage_is_told, illegal_moves from ops.deliverable") == [("report", False, 0)]


def test_the_stage_goes_back_only_when_the_last_page_is_taken_down(operation) -> None:
    operation.append(
        operation.registered(), operation.draft("page.published", url=A), operation.draft("page.updated", url=B)
    )
    operation.append(operation.draft("page.unpublished", day=1, url=A))
    assert operation.rows("select stage from ops.deliverable") == [("publish",)]
    operation.append(operation.draft("page.unpublished", day=2, url=B))
    assert operation.rows("select stage from ops.deliverable") == [("review",)]
    assert operation.rows("select count(*) from ops.deliverable_url where valid_to is null") == [(0,)]


def test_a_withdrawal_heard_of_late_leaves_alone_what_was_published_since(operation) -> None:
    operation.append(operation.registered(), operation.draft("page.published", day=8, url=A))
    operation.append(operation.draft("page.published", day=18, url=A))
    operation.append(operation.draft("search_export.processed", None, day=19, deliverable_ids=["d-1"], **EXPORT))
    operation.append(operation.draft("page.unpublished", day=13, url=A))
    assert owners(operation) == {"www.acme.example/a": [("d-1", day(8), day(13)), ("d-1", day(18), None)]}
    query = "select to_stage, moved_at, illegal from ops.stage_move order by moved_at"
    assert operation.rows(query) == [
        ("publish", day(8), False),
        ("review", day(13), False),
        ("publish", day(18), False),
        ("report", day(19), False),
    ]
    assert operation.rows("select stage, illegal_moves from ops.deliverable") == [("report", 0)]


def test_a_late_publication_finds_its_place_in_a_history_that_goes_on(operation) -> None:
    operation.append(
        operation.registered(),
        operation.draft("asset.approved", day=4),
        operation.draft("deliverable.stage_changed", day=2, **{"from": "scope", "to": "design"}),
    )
    operation.append(operation.draft("page.unpublished", day=9, url=A))
    operation.append(operation.draft("page.published", day=6, url=A))
    operation.append(operation.draft("page.published", day=12, url=B))
    assert operation.rows("select to_stage, moved_at, applied from ops.stage_move order by moved_at") == [
        ("design", day(2), False),
        ("review", day(4), True),
        ("publish", day(6), True),
        ("review", day(9), True),
        ("publish", day(12), True),
    ]
    assert operation.rows("select published_at, url from ops.deliverable") == [(day(6), B)]


def test_an_update_brings_no_page_back_and_publishes_none(operation) -> None:
    operation.append(operation.registered("d-1"), operation.registered("d-2"))
    operation.append(
        operation.draft("page.published", "d-1", day=1, url=A),
        operation.draft("page.unpublished", "d-1", day=2, url=A),
        operation.draft("page.updated", "d-1", day=3, url=A),
        operation.draft("page.updated", "d-2", day=3, url=B),
    )
    with operation.reading() as connection:
        assert published_pages(connection) == []
    assert owners(operation) == {"www.acme.example/a": [("d-1", day(1), day(2))]}


def test_the_url_is_that_of_a_page_that_is_left(operation) -> None:
    operation.append(
        operation.registered(),
        operation.draft("page.published", day=1, url=A),
        operation.draft("page.published", day=2, url=B),
    )
    operation.append(operation.draft("page.unpublished", day=3, url=B))
    query = "select url, page_key, stage from ops.deliverable"
    assert operation.rows(query) == [(A, "www.acme.example/a", "publish")]
    operation.append(operation.draft("page.unpublished", day=4, url=A))
    assert operation.rows(query) == [(A, "www.acme.example/a", "review")]


def test_an_update_renews_the_page_but_not_its_publication(operation) -> None:
    operation.append(operation.registered(), operation.draft("page.published", day=1, url=A))
    operation.append(operation.draft("page.updated", day=4, url=A))
    with operation.reading() as connection:
        assert [(page.published_at, page.changed_at) for page in published_pages(connection)] == [(day(1), day(4))]


def test_events_of_the_unregistered_and_synthetic_ones_change_nothing(operation) -> None:
    operation.append(operation.registered(), operation.draft("intake.received", "nobody"))
    before = everything(operation)
    smoke = type(operation.ledger)(operation.database.engine(Role.writer), allow_synthetic=True)
    smoke.append(
        [
            operation.draft("page.published", "d-1", url=A, synthetic=True),
            operation.registered("smoke-1", url=B, synthetic=True),
        ]
    )
    operation.append()
    assert everything(operation) == before


def history(operation, length: int) -> list[Any]:
    dice = random.Random(7)  # noqa: S311
    drafts = [operation.registered(f"d-{number}", url=dice.choice([None, A, B])) for number in range(4)]
    for step in range(length):
        kind = dice.choice(
            ["page.published", "page.updated", "page.unpublished", "asset.approved", "gate", "told", "export"]
        )
        deliverable_id, at = f"d-{dice.randrange(4)}", step / 4 - dice.choice([0, 0, 3])
        if kind.startswith("page."):
            url = f"https://www.acme.example/{dice.choice('abc')}"
            drafts.append(operation.draft(kind, deliverable_id, day=at, url=url))
        elif kind == "gate":
            event_type = dice.choice(["deliverable.held", "deliverable.released"])
            drafts.append(operation.draft(event_type, deliverable_id, day=at, gate=dice.choice(["x", "y"])))
        elif kind == "told" and deliverable_id == "d-3":
            stages = {"from": "scope", "to": dice.choice(list(Stage))}
            drafts.append(operation.draft("deliverable.stage_changed", deliverable_id, day=at, **stages))
        elif kind == "export":
            ids = dice.sample(["d-0", "d-1", "d-2", "d-3"], 2)
            drafts.append(operation.draft("search_export.processed", None, day=at, deliverable_ids=ids, **EXPORT))
        else:
            drafts.append(operation.draft("asset.approved", deliverable_id, day=at))
    return drafts


def test_batches_of_any_size_and_a_rebuild_give_the_same_fold(operation, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = history(operation, 200)
    for start in range(0, len(drafts), 17):
        operation.append(*drafts[start : start + 17])
    in_batches = everything(operation)
    assert all(in_batches)
    assert len(operation.rows("select 1 from ops.stage_move where illegal")) > 3

    applied = rebuild(operation.database.engine(Role.folder), DELIVERABLES)
    assert applied == len(drafts)
    assert everything(operation) == in_batches

    engine = operation.database.engine(Role.folder)
    with engine.begin() as connection:
        fold.reset(connection)
        for event in operation.ledger.read():
            fold.apply(connection, [event])
    assert everything(operation) == in_batches


def test_a_batch_may_name_more_deliverables_than_a_statement_has_parameters(operation) -> None:
    many = [f"nobody-{number}" for number in range(70_000)]
    operation.append(
        operation.registered(),
        operation.draft("page.published", url=A),
        operation.draft("search_export.processed", None, day=1, deliverable_ids=[*many, "d-1"], **EXPORT),
    )
    assert operation.rows("select stage from ops.deliverable") == [("report",)]
