"""The ledger's front door: append drafts, read events back.

Belongs here: what an append comes to, draft by draft. Does not belong here: SQL (``event_table``), bytes
(``stored_form``), folds (``consume``). One append is one transaction: all of its outcomes are recorded, or none.
A key is taken for ever: the same body again is a duplicate, another body a conflict that is itself an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft, Position, RecordedEvent, canonical_json
from delivery_ops.contracts.registry import Registry, registry
from delivery_ops.contracts.wire import to_wire
from delivery_ops.errors import Rejected, Transient
from delivery_ops.ledger import admission, event_table, intake_log, rejections
from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.rejections import Rejection
from delivery_ops.ledger.settle import AppendResult, conflict_event, settle
from delivery_ops.ledger.stored_form import Holder, Key, Sealed, seal


class StreamConflict(Transient):
    """Somebody wrote to the stream since it was read; nothing was appended. Read it again, decide again."""


class Ledger:
    """The trail of one operation.

    Args:
        engine: connected as the writer role.
        contracts: the registry drafts are judged by; default: the one this package ships.
        allow_synthetic: take drafts marked synthetic; only a smoke principal's ledger does.
    """

    def __init__(self, engine: Engine, *, contracts: Registry | None = None, allow_synthetic: bool = False) -> None:
        self._engine = engine
        self._contracts = contracts or registry()
        self._allow_synthetic = allow_synthetic

    def append(self, drafts: Sequence[EventDraft], *, expected_version: int | None = None) -> list[AppendResult]:
        """Append ``drafts`` in order, in one transaction; one result per draft, in the same order.

        A draft that breaks its contract is a stored rejection and stops no other. With ``expected_version`` the
        drafts are a command's: all of one stream, whose last number must be that one (0: it has no event yet).
        Then all are appended or none; all of them appended before, at whatever version, are duplicates.

        Raises:
            StreamConflict: the stream's last number is another.
            Rejected: a command's draft breaks its contract.
            ValueError: streams and ``expected_version`` do not go together so.
        """
        streams = {draft.stream for draft in drafts}
        if expected_version is None:
            if streams - {None}:
                raise ValueError("a draft that names a stream is appended with expected_version")
            return self._append_batch(drafts) if drafts else []
        if len(streams) != 1 or (stream := streams.pop()) is None:
            raise ValueError("expected_version is for drafts that all name one stream")
        return self._append_to_stream(stream, drafts, expected_version)

    def admit(self, draft: EventDraft, *, now: datetime | None = None) -> EventDraft:
        """``draft`` under its type's own name, where ``append`` would take it.

        Args:
            now: the present, for who admits many: a frozen clock is asked of the database.

        Raises:
            Rejected: it breaks its contract, is synthetic where that is not allowed, or has not happened yet.
        """
        if not self._allow_synthetic:
            admission.require_real(draft)
        admission.require_happened(draft, now or clock.now())
        return self._contracts.validate(draft)

    def admit_from_outside(self, draft: EventDraft, *, now: datetime | None = None) -> EventDraft:
        """As ``admit``, for a draft that somebody outside wrote.

        Raises:
            Rejected: as ``admit``; or it says what only the system says.
        """
        admitted = self.admit(draft, now=now)
        contract = self._contracts.contract(admitted.event_type, admitted.schema_version)
        admission.require_outsider_may_say(admitted, contract)
        return admitted

    def reject(self, refused: Sequence[Rejection], *, load_id: str | None = None) -> None:
        """Keep aside what was refused before it could become a draft; ``load_id`` with rows of a file."""
        with self._engine.begin() as connection:
            rejections.store(connection, refused, load_id=load_id)

    def replace_rejections(self, source: str, load_id: str | None) -> None:
        """Let those rows of ``source`` rest that the load ``load_id``, which is complete, did not refuse again; all of
        them where the source has left."""
        with self._engine.begin() as connection:
            rejections.replace(connection, source, load_id)

    def log_intake(self, origin: str, balance: Balance) -> None:
        """Remember what a batch from outside came to."""
        with self._engine.begin() as connection:
            intake_log.record(connection, origin, balance)

    def read(self, *, after: Position | None = None, limit: int = 1000) -> list[RecordedEvent]:
        """The next events behind ``after``, in position order; ``None`` starts at the first."""
        with self._engine.connect() as connection:
            return event_table.after(connection, after, limit)

    def event(self, event_id: UUID) -> RecordedEvent | None:
        """The event of this id, or ``None``."""
        with self._engine.connect() as connection:
            return next(iter(event_table.matching(connection, event_table.with_id(event_id))), None)

    def of_deliverable(self, deliverable_id: str) -> list[RecordedEvent]:
        """The deliverable's timeline, including events about many that list it."""
        with self._engine.connect() as connection:
            return event_table.matching(connection, event_table.of_deliverable(deliverable_id))

    def of_client(self, client_id: str) -> list[RecordedEvent]:
        """Every event that names the client."""
        with self._engine.connect() as connection:
            return event_table.matching(connection, event_table.of_client(client_id))

    def of_stream(self, stream: str) -> list[RecordedEvent]:
        """The stream's events, numbered 1, 2, 3 … in ``stream_version``."""
        with self._engine.connect() as connection:
            return event_table.matching(connection, event_table.of_stream(stream))

    def head(self) -> Position | None:
        """The last position, or ``None`` while the ledger is empty."""
        with self._engine.connect() as connection:
            return event_table.head(connection)

    def _append_batch(self, drafts: Sequence[EventDraft]) -> list[AppendResult]:
        now = clock.now()
        judged = [self._judge(draft, now) for draft in drafts]
        sealed = [item for item in judged if isinstance(item, Sealed)]
        with self._engine.begin() as connection:
            event_table.take_turn(connection)
            settled = iter(_settled(connection, sealed, event_table.append(connection, sealed), now))
            results = [item if isinstance(item, AppendResult) else next(settled) for item in judged]
            rejections.store(connection, _rejections(drafts, results))
        return results

    def _append_to_stream(self, stream: str, drafts: Sequence[EventDraft], expected: int) -> list[AppendResult]:
        now = clock.now()
        sealed = [
            seal(self.admit(draft, now=now), recorded_at=now, stream_version=version)
            for version, draft in enumerate(drafts, start=expected + 1)
        ]
        with self._engine.begin() as connection:
            event_table.take_turn(connection)
            earlier = event_table.holders(connection, {item.key for item in sealed})
            if len(earlier) == len(sealed):
                return _settled(connection, sealed, {}, now)
            last = event_table.last_version(connection, stream)
            kept = event_table.append(connection, sealed) if last == expected and not earlier else {}
            if len(kept) != len(sealed):
                raise _conflict(stream, expected, last)
            return _settled(connection, sealed, kept, now)

    def _judge(self, draft: EventDraft, now: datetime) -> Sealed | AppendResult:
        try:
            return seal(self.admit(draft, now=now), recorded_at=now)
        except Rejected as error:
            return AppendResult.rejected(error)


def _settled(
    connection: Connection, sealed: Sequence[Sealed], kept: dict[Key, Holder], now: datetime
) -> list[AppendResult]:
    """The results of ``sealed``, of which ``kept`` were inserted; conflicts among the others become events."""
    earlier = event_table.holders(connection, {item.key for item in sealed} - kept.keys())
    results = settle(sealed, kept, earlier)
    event_table.append(
        connection,
        [
            seal(conflict_event(item, kept.get(item.key) or earlier[item.key], at=now), recorded_at=now)
            for item, result in zip(sealed, results, strict=True)
            if result.outcome == "conflict"
        ],
    )
    return results


def _rejections(drafts: Sequence[EventDraft], results: Sequence[AppendResult]) -> list[Rejection]:
    return [
        Rejection(
            source=draft.source,
            body=canonical_json(to_wire(draft)),
            code=result.code or "",
            reason=result.reason or "",
            origin="append",
            idempotency_key=draft.idempotency_key,
        )
        for draft, result in zip(drafts, results, strict=True)
        if result.outcome == "rejected"
    ]


def _conflict(stream: str, expected: int, last: int) -> StreamConflict:
    cause = "some of these events, but not all, are recorded already"
    if last != expected:
        cause = f"its last event is number {last}, expected was {expected}"
    return StreamConflict(
        "appending to a stream",
        subject=stream,
        cause=cause,
        remedy="Read the stream again and decide again.",
    )
