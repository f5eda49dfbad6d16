"""An operation with one real site on loopback, a real ledger and the real suites.

Belongs here: what tests of gates share: publishing, folding, sweeping, exporting, moving the clock.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.fold import GATES
from delivery_ops.gates.sweep import SweepResult, sweep
from delivery_ops.lake import datasets
from delivery_ops.lake.export import export
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import Site

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
DAY_END = datetime(2026, 3, 30, 22, tzinfo=UTC)
SITE = "http://www.client.example"
SITES = [Site(url=f"{SITE}/", client="acme")]
BOTH = {"schemaCheck": "enforce", "seoTagsPresent": "enforce"}
HELD = ("deliverable.held", "deliverable.released")


def good(path: str) -> str:
    return (
        f'<html lang="en"><head><title>T</title><meta name="description" content="{"x" * 60}">'
        f'<link rel="canonical" href="{SITE}{path}"></head><body><h1>T</h1>'
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article"}</script>'
    )


@dataclass(kw_only=True)
class Operation:
    """An operation with one site; ``site`` maps a path to (status, HTML), and may be changed at any time."""

    database: Database
    httpserver: HTTPServer
    site: dict[str, tuple[int, str]] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database.engine(Role.writer))
        routes = {"www.client.example": ("127.0.0.1", self.httpserver.port)}
        self.fetcher = PageFetcher(routes=routes, resolve=lambda host, port: [])

    def append(self, event_type: str, deliverable_id: str, *, at: datetime, **payload: Any) -> None:
        draft = EventDraft(
            event_type=event_type,
            source="cms",
            idempotency_key=str(next(self.numbers)),
            timestamp=at,
            actor_role="system",
            deliverable_id=deliverable_id,
            client_id="acme",
            payload=payload,
        )
        assert [result.outcome for result in self.ledger.append([draft])] == ["kept"]

    def publish(self, deliverable_id: str, path: str, *, html: str | None = None, status: int = 200) -> None:
        self.site[path] = (status, good(path) if html is None else html)
        self.httpserver.expect_request(path).respond_with_handler(lambda request: self._answer(path))
        facts = {"type": "page", "tier": "gold", "url": None, "first_source": "cms"}
        if not any(
            event.event_type == "deliverable.registered" for event in self.ledger.of_deliverable(deliverable_id)
        ):
            self.append("deliverable.registered", deliverable_id, at=NOON - timedelta(days=9), **facts)
        self.append("page.published", deliverable_id, at=NOON - timedelta(days=9), url=SITE + path)

    def sweep(self, *, modes: dict[str, str] = BOTH, day_end: datetime = DAY_END) -> SweepResult:
        return sweep(
            self.ledger,
            self.database.engine(Role.reader),
            self.fetcher,
            sites=SITES,
            modes=modes,  # type: ignore[arg-type]
            day_end=day_end,
            catch_up=self.fold,
        )

    def fold(self) -> None:
        catch_up(self.database.engine(Role.folder), [DELIVERABLES, GATES])

    def exported(self, folder: Path) -> list[dict[str, Any]]:
        """The evaluations that the lake gets."""
        lake = Lake(folder / "lake")
        lake.prepare()
        assert all(each.agrees for each in export(lake, self.database).comparisons)
        rows: list[dict[str, Any]] = lake.read(datasets.GATE_RESULTS).to_pylist()
        return rows

    def events(self, *types: str) -> list[tuple[str, str | None, str]]:
        return [
            (e.event_type, e.deliverable_id, e.payload["gate"]) for e in self.ledger.read() if e.event_type in types
        ]

    def _answer(self, path: str) -> Any:
        from werkzeug import Response

        status, html = self.site[path]
        return Response(html, status=status, content_type="text/html")


def tomorrow(days: int = 1) -> datetime:
    """Freeze the clock ``days`` later; returns the end of that date."""
    clock.read_from(lambda: NOON + timedelta(days=days))
    return DAY_END + timedelta(days=days)
