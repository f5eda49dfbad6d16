"""The sweep: judge every page that is due and append what came of it.

Belongs here: reading what is due, looking at pages side by side, and the events. Does not belong here: the decisions
(``due``, ``holds``, ``judge``). One sweep at a time, from reading what is due until the folds know what came of it: two
at once would judge and hold twice. A page that cannot be measured is an ``error`` of its own and stops no other. What
belongs to one deliverable is appended together, so that no failure stands in the ledger without its hold.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, func, select

from delivery_ops import progress
from delivery_ops.contracts.envelope import EventDraft, canonical_json
from delivery_ops.deliverables.pages import PublishedPage
from delivery_ops.gates.due import PageGate, pages_due
from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.holds import hold_change
from delivery_ops.gates.judge import Evaluation, judge
from delivery_ops.gates.measuring import Measurement, measure_url
from delivery_ops.gates.standing import Standing, read_standing
from delivery_ops.gates.verdicts import Mode, Outcome, Verdict
from delivery_ops.ledger.admission import SYSTEM_SOURCE
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.ledger.stored_form import uuid7
from delivery_ops.settings import Site

PAGES_AT_ONCE = 8
CHUNK = 200  # pages measured before they are judged and appended; bounds memory, and what a crash costs
_SWEEPING = 0x7377_6565_70  # "sweep" in ASCII: the advisory lock of sweeps


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPage:
    """One page's evaluations, one per gate, and when it was looked at."""

    page: PublishedPage
    judged_at: datetime
    evaluations: tuple[Evaluation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepResult:
    """What a sweep came to: ``judged`` were due, ``standing`` is what stands after it. ``appended`` counts what the
    ledger answered. ``held`` and ``released`` are (deliverable_id, gate)."""

    standing: Standing
    judged: tuple[JudgedPage, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    released: tuple[tuple[str, str], ...] = ()
    appended: Mapping[str, int] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[str, Counter[Outcome]]:
        """By gate, how many of the pages judged came to which outcome."""
        counts: dict[str, Counter[Outcome]] = {}
        for page in self.judged:
            for one in page.evaluations:
                counts.setdefault(one.gate, Counter())[one.outcome] += 1
        return counts


def sweep(
    ledger: Ledger,
    reader: Engine,
    fetcher: PageFetcher,
    *,
    sites: Sequence[Site],
    modes: Mapping[str, Mode],
    day_end: datetime,
    catch_up: Callable[[], None],
) -> SweepResult:
    """Judge, by the gates of ``modes``, the pages of ``sites`` that are due as of ``day_end``, and append the events.

    Waits while another sweep of this database goes on.

    Args:
        reader: connects to the folds.
        catch_up: brings the folds up to the ledger's head.
    """
    with _turn(reader):
        catch_up()
        before = read_standing(reader, sites)
        book = _Book.of(before)
        judged: list[JudgedPage] = []
        appended: Counter[str] = Counter()
        for chunk in _judged(pages_due(before.pages, before.latest, gates=modes, day_end=day_end), fetcher, modes):
            judged += chunk
            for _, of_deliverable in groupby(chunk, key=lambda one: one.page.deliverable_id):
                appended.update(result.outcome for result in ledger.append(book.drafts(list(of_deliverable))))
        catch_up()
        return SweepResult(
            standing=read_standing(reader, sites),
            judged=tuple(judged),
            held=tuple(book.now_held),
            released=tuple(book.now_released),
            appended=dict(appended),
        )


@contextmanager
def _turn(reader: Engine) -> Iterator[None]:
    """While no other sweep goes on. The session has the lock, so a killed sweep gives it up; outside a transaction, so
    that hours of fetching keep no vacuum waiting."""
    with reader.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        session.execute(select(func.pg_advisory_lock(_SWEEPING)))
        try:
            yield
        finally:
            session.execute(select(func.pg_advisory_unlock(_SWEEPING)))


def _judged(
    due: Sequence[PublishedPage], fetcher: PageFetcher, modes: Mapping[str, Mode]
) -> Iterator[list[JudgedPage]]:
    """The pages of ``due``, in chunks, in their order."""
    with progress.stage("Judging pages") as tell, ThreadPoolExecutor(PAGES_AT_ONCE) as threads:
        done = 0
        for start in range(0, len(due), CHUNK):
            chunk = due[start : start + CHUNK]
            measured: list[Measurement] = []
            for one in threads.map(lambda page: measure_url(page.url, fetcher, modes), chunk):
                measured.append(one)
                done += 1
                tell(done, len(due))
            yield [
                JudgedPage(page=page, judged_at=measurement.measured_at, evaluations=tuple(evaluations))
                for page, measurement, evaluations in zip(chunk, measured, judge(measured, modes), strict=True)
            ]


@dataclass(slots=True, kw_only=True)
class _Book:
    """What stands of every page and hold while a sweep goes on; ``pages`` are each deliverable's page keys."""

    pages: Mapping[str, Sequence[str]]
    verdicts: dict[PageGate, Verdict]
    held: set[tuple[str, str]]
    now_held: list[tuple[str, str]] = field(default_factory=list)
    now_released: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, standing: Standing) -> _Book:
        pages = {
            deliverable_id: [page.page_key for page in theirs]
            for deliverable_id, theirs in groupby(standing.pages, key=lambda page: page.deliverable_id)
        }
        verdicts = {key: result.verdict for key, result in standing.latest.items()}
        return cls(pages=pages, verdicts=verdicts, held=set(standing.held))

    def drafts(self, judged: Sequence[JudgedPage]) -> list[EventDraft]:
        """The events for one deliverable's ``judged`` pages: the evaluations, then what they change of its holds."""
        drafts: list[EventDraft] = []
        by_gate: dict[str, list[tuple[EventDraft, Verdict]]] = {}
        for one in judged:
            for evaluation in one.evaluations:
                draft = _evaluated(one, evaluation)
                drafts.append(draft)
                by_gate.setdefault(evaluation.gate, []).append((draft, evaluation.verdict))
                self.verdicts[one.page.deliverable_id, one.page.page_key, evaluation.gate] = evaluation.verdict
        for gate, new in by_gate.items():
            drafts += self._hold_drafts(judged[0].page.deliverable_id, gate, new)
        return drafts

    def _hold_drafts(
        self, deliverable_id: str, gate: str, new: Sequence[tuple[EventDraft, Verdict]]
    ) -> Iterator[EventDraft]:
        standing = [self.verdicts.get((deliverable_id, page_key, gate)) for page_key in self.pages[deliverable_id]]
        this = (deliverable_id, gate)
        change = hold_change([verdict for _, verdict in new], standing, is_held=this in self.held)
        if change == "held":
            self.held.add(this)
            self.now_held.append(this)
            yield _changed("deliverable.held", next(draft for draft, verdict in new if verdict == "fail"))
        elif change == "released":
            self.held.discard(this)
            self.now_released.append(this)
            yield _changed("deliverable.released", new[-1][0])


def _evaluated(judged: JudgedPage, evaluation: Evaluation) -> EventDraft:
    """The event of one evaluation. Its key is the gate, the page, the instant and a digest of what is said: appending
    it again is a duplicate, and two looks at one frozen instant that differ are two events."""
    payload: dict[str, Any] = {
        "gate": evaluation.gate,
        "url": judged.page.url,
        "outcome": evaluation.outcome,
        "mode": evaluation.mode,
        "verdict": evaluation.verdict,
        "cause": "sweep",
        "rules_version": evaluation.rules_version,
        "findings": [asdict(finding) for finding in evaluation.findings],
        "evidence": dict(evaluation.evidence),
    }
    said = hashlib.sha256(canonical_json(payload)).hexdigest()[:16]
    at = judged.judged_at.astimezone(UTC).isoformat()
    return EventDraft(
        event_type="gate.evaluated",
        source=SYSTEM_SOURCE,
        idempotency_key=f"{evaluation.gate}/{judged.page.deliverable_id}/{at}/{said}",
        timestamp=judged.judged_at,
        actor_role="system",
        deliverable_id=judged.page.deliverable_id,
        client_id=judged.page.client_id,
        event_id=uuid7(judged.judged_at),
        payload=payload,
    )


def _changed(event_type: str, because: EventDraft) -> EventDraft:
    """The hold or release that follows from the evaluation ``because``."""
    return EventDraft(
        event_type=event_type,
        source=SYSTEM_SOURCE,
        idempotency_key=f"{event_type}/{because.idempotency_key}",
        timestamp=because.timestamp,
        actor_role="system",
        deliverable_id=because.deliverable_id,
        client_id=because.client_id,
        causation_id=because.event_id,
        payload={"gate": because.payload["gate"]},
    )
