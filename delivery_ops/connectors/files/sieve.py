"""Which rows of one source are kept, and the counts: in = kept + duplicate + rejected.

Belongs here: that decision, row by row, and the counts. Does not belong here: where kept rows go (``load``). A key
belongs to the first row that was good, in this source or one before it (``seen``): an equal row is a duplicate, another
row under the key is rejected. Memory is 32 bytes and a dictionary entry for each key, whatever the rows hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from delivery_ops.connectors.files.mapping import Record, RowMapping
from delivery_ops.connectors.files.rows import Malformed, Row
from delivery_ops.errors import Rejected
from delivery_ops.ledger.rejections import Rejection

BATCH = 10_000
_INSTANT_OF_KIND = {"touches": "touched_at", "costs": "worked_at"}

RefuseUnknown = Callable[[Mapping[str, datetime]], Mapping[str, Rejected]]
"""Given deliverables with the instants at which rows name them: those that are not to be had, with the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A good row and its fields."""

    row: Row
    record: Record


@dataclass(kw_only=True, slots=True)
class Sieve:
    """The counts and what was seen so far, the digest of each row by the digest of its key; ``refused`` collects what
    to store until the caller takes it away."""

    mapping: RowMapping
    origin: str
    refuse_unknown: RefuseUnknown
    rows: int = 0
    kept: int = 0
    duplicate: int = 0
    rejected: int = 0
    refused: list[Rejection] = field(default_factory=list)
    seen: dict[bytes, bytes] = field(default_factory=dict)
    _deliverables: dict[str, Rejected | None] = field(default_factory=dict)

    def batches(self, items: Iterator[Row | Malformed]) -> Iterator[list[Kept]]:
        """The good rows, up to 10,000 at a time."""
        while batch := list(islice(items, BATCH)):
            self.rows += len(batch)
            mapped = [one for item in batch for one in self._mapped(item)]
            self._look_up(mapped)
            kept = [one for one in mapped if self._is_kept(one)]
            self.kept += len(kept)
            yield kept

    def reject(self, row: Row | Malformed, code: str, reason: str) -> None:
        """Count ``row`` as rejected, for the reason given."""
        self.rejected += 1
        self.refused.append(
            Rejection(
                source=self.mapping.source.name,
                body=row.raw.encode(),
                code=code,
                reason=reason,
                origin=f"{self.origin}, line {row.line}",
            )
        )

    def take_back(self, row: Row, code: str, reason: str) -> None:
        """Reject a row that was kept."""
        self.kept -= 1
        self.reject(row, code, reason)

    def _mapped(self, item: Row | Malformed) -> Iterable[Kept]:
        if isinstance(item, Malformed):
            self.reject(item, item.code, item.message)
            return
        try:
            yield Kept(row=item, record=self.mapping.record(item))
        except Rejected as error:
            self.reject(item, error.code, error.cause)

    def _look_up(self, mapped: Sequence[Kept]) -> None:
        """Ask once for every deliverable that the rows name."""
        instant = _INSTANT_OF_KIND.get(self.mapping.source.kind)
        if instant is None:
            return
        named: dict[str, datetime] = {}
        for one in mapped:
            deliverable_id = one.record["deliverable_id"]
            if deliverable_id is not None and deliverable_id not in self._deliverables:
                named.setdefault(deliverable_id, one.record[instant])
        if named:
            self._deliverables |= dict.fromkeys(named) | dict(self.refuse_unknown(named))

    def _is_kept(self, one: Kept) -> bool:
        refusal = self._deliverables.get(one.record.get("deliverable_id") or "")
        if refusal is not None:
            self.reject(one.row, refusal.code, f"{refusal.subject}: {refusal.cause}")
            return False
        key = one.record[self.mapping.kind.key]
        digest = record_digest(one.record)
        first = self.seen.setdefault(key_digest(key), digest)
        if first is digest:
            return True
        if first == digest:
            self.duplicate += 1
        else:
            self.reject(one.row, "conflicting_row", f"{key!r:.200} stands in a row before with other values")
        return False


def key_digest(key: str) -> bytes:
    """16 bytes that stand for a key."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def record_digest(record: Record) -> bytes:
    """16 bytes that stand for all of a row."""
    return key_digest(repr(sorted(record.items())))
