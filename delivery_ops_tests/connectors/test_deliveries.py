"""What is kept of a webhook. At stake: a disk that a stranger fills, and bytes that would have been needed again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from delivery_ops.connectors import deliveries
from delivery_ops.connectors.deliveries import UNSIGNED_BYTES, UNSIGNED_LIFE, forget_unsigned, keep
from delivery_ops.connectors.delivery import Delivery
from delivery_ops.database.roles import Role

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def writer(database):
    return database.engine(Role.writer)


def delivery(body=b"{}", *, at=NOW, headers=(("X-A", "b"),)):
    return Delivery(headers=list(headers), body=body, received_at=at)


def rows(database, columns):
    with database.engine(Role.reader).connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM ops.delivery ORDER BY body"))]  # noqa: S608


def kept(writer, one, outcome="accepted", source="cms", **more):
    with writer.begin() as connection:
        return keep(connection, source, one, outcome, reason=None if outcome == "accepted" else "why", **more)


def test_the_same_bytes_to_the_same_end_are_counted_and_show_what_came_last(writer, database):
    event_ids = [uuid4()]
    first = kept(writer, delivery())
    later = delivery(at=NOW + timedelta(hours=1), headers=[("X-A", "c"), ("X-A", "é\0"), ("Cookie", "s3cret")])
    assert kept(writer, later, event_ids=event_ids) == first
    columns = "times_seen, first_seen_at, last_seen_at, headers, event_ids"
    assert rows(database, columns) == [
        (2, NOW, NOW + timedelta(hours=1), [["X-A", "c"], ["X-A", "é\0"]], event_ids),
    ]


@pytest.mark.parametrize("other", [{"source": "shop"}, {"outcome": "quarantined"}, {"one": delivery(b"{ }")}])
def test_another_source_another_end_and_other_bytes_are_another_delivery(writer, other):
    assert kept(writer, delivery()) != kept(writer, **{"one": delivery(), **other})


@pytest.mark.parametrize("name", ["Authorization", "PROXY-AUTHORIZATION", "cookie"])
def test_no_credentials_are_kept(writer, database, name):
    kept(writer, delivery(headers=[(name, "s3cret"), ("X-Ghost-Signature", "sha256=0")]))
    assert rows(database, "headers") == [([["X-Ghost-Signature", "sha256=0"]],)]


@pytest.mark.parametrize(
    ("outcome", "size", "has_body"),
    [
        ("accepted", 1 << 20, True),
        ("rejected", 1 << 20, True),
        ("quarantined", 1 << 20, True),
        ("conflict", 1, False),
        ("refused", UNSIGNED_BYTES, True),
        ("refused", UNSIGNED_BYTES + 1, False),
    ],
)
def test_the_bytes_are_kept_where_they_may_be_needed(writer, database, outcome, size, has_body):
    body = b"x" * size
    kept(writer, delivery(body), outcome)
    [(found, digest, length)] = rows(database, "body, body_sha256, bytes")
    assert (found is not None, length) == (has_body, size)
    assert found is None or bytes(found) == body
    assert len(digest) == 32


def test_of_what_nobody_signed_a_source_has_only_so_many(writer, database, monkeypatch):
    monkeypatch.setattr(deliveries, "UNSIGNED_PER_SOURCE", 3)
    for number in range(5):
        kept(writer, delivery(b"%d" % number), "refused")
    kept(writer, delivery(b"9"), "refused", source="shop")
    assert [body and bytes(body) for (body,) in rows(database, "body")] == [b"0", b"1", b"2", b"9", None, None]


def test_what_nobody_signed_is_forgotten_after_a_week_and_makes_room(writer, database, monkeypatch):
    monkeypatch.setattr(deliveries, "UNSIGNED_PER_SOURCE", 1)
    kept(writer, delivery(b"old"), "refused")
    kept(writer, delivery(b"signed"), "rejected")
    kept(writer, delivery(b"new", at=NOW + UNSIGNED_LIFE + timedelta(seconds=1)), "refused")
    assert [body and bytes(body) for (body,) in rows(database, "body")] == [b"new", b"signed", None]


def test_forgetting_needs_no_arrival(writer, database):
    kept(writer, delivery(b"old"), "refused")
    with writer.begin() as connection:
        forget_unsigned(connection, NOW + UNSIGNED_LIFE)
        assert rows(database, "body IS NULL") == [(False,)]
        forget_unsigned(connection, NOW + UNSIGNED_LIFE + timedelta(seconds=1))
    assert rows(database, "body IS NULL") == [(True,)]
