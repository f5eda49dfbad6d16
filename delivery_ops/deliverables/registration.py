"""What becomes of a deliverable nobody registered: a rule of the configuration registers it, or it is refused.

Belongs here: that decision, for events and for rows of files, and whether an event agrees with what is registered
(client, type, address). Does not belong here: storing a refusal (the caller has the bytes) and appending. What is
registered is asked of the fold, which is caught up first, so that a batch sees the registrations of the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft, canonical_json
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.deliverables.tables import among, deliverable
from delivery_ops.errors import Rejected
from delivery_ops.ledger.consume import catch_up
from delivery_ops.settings import RegistrationRule, Settings
from delivery_ops.urls import page_key

_REGISTERED = "deliverable.registered"


class Registrar:
    """Judges by ``settings`` and by the deliverables registered so far; ``engine`` is of the role folder."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine

    def prepare(self, drafts: Sequence[EventDraft]) -> list[EventDraft | Rejected]:
        """Every draft in its order: itself with its deliverable's client filled in, or in its place the reason.

        A ``deliverable.registered`` stands before the first draft that a rule made need it. Codes:
        ``unknown_deliverable``, ``client_mismatch``, ``unknown_client``, ``unknown_type``, ``invalid_url``. Synthetic
        drafts pass as they are. The drafts given keep their contracts.
        """
        book = self._book({one for draft in drafts for one in draft.deliverable_ids})
        return [item for draft in drafts for item in book.judge(draft)]

    def register(self, source: str, named: Mapping[str, datetime]) -> tuple[list[EventDraft], dict[str, Rejected]]:
        """The registrations that rows of ``source`` need, and the deliverables no rule knows.

        Args:
            named: each deliverable the rows name, with the instant at which they do. One that lies ahead (planned
                work, say) is taken for the present: a registration is an event, and has happened.
        """
        book, now = self._book(set(named)), clock.now()
        drafts: list[EventDraft] = []
        refused: dict[str, Rejected] = {}
        for deliverable_id, at in named.items():
            try:
                drafts += book.missing([deliverable_id], source, min(at, now))
            except Rejected as error:
                refused[deliverable_id] = error
        return drafts, refused

    def stated(self, source: str, row: Mapping[str, Any]) -> EventDraft:
        """The registration that a row of ``source`` states; where it names no tier, the client's.

        A row that says something new gets a key of its own, so that it is kept and not a conflict.

        Raises:
            Rejected: code ``unknown_client``; or ``invalid_envelope``, for an id that no event may carry.
        """
        client = self._settings.client_by_id.get(row["client_id"])
        if client is None:
            raise _unknown_client(self._settings, row["client_id"], row["deliverable_id"])
        payload = {"type": row["type"], "tier": row["tier"] or client.tier, "url": row["url"], "first_source": source}
        says = hashlib.sha256(canonical_json([client.id, payload])).hexdigest()
        return EventDraft(
            event_type=_REGISTERED,
            source=source,
            idempotency_key=f"deliverable/{row['deliverable_id']}/{says[:32]}",
            timestamp=clock.now(),
            actor_role="system",
            deliverable_id=row["deliverable_id"],
            client_id=client.id,
            payload=payload,
        )

    def _book(self, deliverable_ids: set[str]) -> _Book:
        catch_up(self._engine, [DELIVERABLES])
        with self._engine.connect() as connection:
            return _Book(settings=self._settings, clients=_clients_of(connection, deliverable_ids))


@dataclass(kw_only=True, slots=True)
class _Book:
    """The client of every deliverable known so far, in the ledger or in this batch."""

    settings: Settings
    clients: dict[str, str]

    def judge(self, draft: EventDraft) -> Iterator[EventDraft | Rejected]:
        """``draft`` with the registrations it needs before it, or the reason for refusing it."""
        if draft.synthetic:
            yield draft
            return
        try:
            registrations = self._registrations(draft)
        except Rejected as error:
            yield error
            return
        yield from registrations
        for one in [*registrations, draft]:
            if one.event_type == _REGISTERED and one.deliverable_id and one.client_id:
                self.clients.setdefault(one.deliverable_id, one.client_id)
        needs_client = draft.deliverable_id is not None and draft.client_id is None
        yield replace(draft, client_id=self.clients[draft.deliverable_ids[0]]) if needs_client else draft

    def missing(self, deliverable_ids: Sequence[str], source: str, at: datetime) -> list[EventDraft]:
        """A registration by rule for each of ``deliverable_ids`` that is not known.

        Raises:
            Rejected: code ``unknown_deliverable``, where no rule matches.
        """
        return [self._registration(one, source, at) for one in deliverable_ids if one not in self.clients]

    def _registrations(self, draft: EventDraft) -> list[EventDraft]:
        """The registrations by rule that ``draft`` needs; raises ``Rejected`` for whatever is wrong with it."""
        _require_address(draft)
        registrations: list[EventDraft] = []
        if draft.event_type == _REGISTERED:
            self._require_configured(draft)
        else:
            needed = self.missing(draft.deliverable_ids, draft.source, draft.timestamp)
            registrations = [replace(one, correlation_id=draft.correlation_id) for one in needed]
        clients = self.clients | {str(one.deliverable_id): str(one.client_id) for one in registrations}
        for deliverable_id in draft.deliverable_ids:
            client_id = clients.get(deliverable_id, draft.client_id)
            if draft.client_id not in {None, client_id}:
                cause = f"it says the client {draft.client_id!r}; {deliverable_id!r} is registered for {client_id!r}"
                raise _of_draft(draft, "client_mismatch", cause)
        return registrations

    def _registration(self, deliverable_id: str, source: str, at: datetime) -> EventDraft:
        rule = self._rule(deliverable_id)
        return EventDraft(
            event_type=_REGISTERED,
            source=source,
            idempotency_key=f"registration/{deliverable_id}",
            timestamp=at,
            actor_role="system",
            deliverable_id=deliverable_id,
            client_id=rule.client,
            payload={
                "type": rule.type,
                "tier": self.settings.client_by_id[rule.client].tier,
                "url": None,
                "first_source": source,
            },
        )

    def _rule(self, deliverable_id: str) -> RegistrationRule:
        for rule in self.settings.registration.rules:
            if deliverable_id.startswith(rule.id_prefix):
                return rule
        raise _refused(
            "unknown_deliverable",
            deliverable_id,
            "nobody registered it, and no rule of registration matches it",
            "Register it, or add a rule under registration.rules, and send this again.",
        )

    def _require_configured(self, draft: EventDraft) -> None:
        kind = draft.payload["type"]
        if draft.client_id not in self.settings.client_by_id:
            raise _unknown_client(self.settings, draft.client_id, f"{draft.event_type} {draft.deliverable_id}")
        if kind not in self.settings.deliverable_types:
            known = ", ".join(self.settings.deliverable_types)
            raise _of_draft(draft, "unknown_type", f"the type {kind!r} is not configured; those are {known}")


def _clients_of(connection: Connection, deliverable_ids: set[str]) -> dict[str, str]:
    """The client of each of ``deliverable_ids`` that is registered."""
    query = select(deliverable.c.deliverable_id, deliverable.c.client_id)
    rows = connection.execute(query.where(among(deliverable.c.deliverable_id, deliverable_ids)))
    return {row.deliverable_id: row.client_id for row in rows}


def _require_address(draft: EventDraft) -> None:
    """A URL that names no page would be kept and never match anything."""
    if draft.event_type not in {_REGISTERED, "page.published", "page.updated", "page.unpublished"}:
        return
    url = draft.payload["url"]
    if url is not None and page_key(url) is None:
        raise _of_draft(draft, "invalid_url", f"{url!r:.200} is no address of a web page")


def _unknown_client(settings: Settings, client_id: str | None, subject: str) -> Rejected:
    known = ", ".join(settings.client_by_id)
    cause = f"the client {client_id!r:.200} is not configured; those are {known}"
    return _refused("unknown_client", subject, cause, "Correct it, or the configuration, and send it again.")


def _of_draft(draft: EventDraft, code: str, cause: str) -> Rejected:
    subject = f"{draft.event_type} {draft.source}/{draft.idempotency_key}"
    return _refused(code, subject, cause, "Correct it, or the configuration, and send it again.")


def _refused(code: str, subject: str, cause: str, remedy: str) -> Rejected:
    return Rejected("registering deliverables", subject=subject, cause=cause, remedy=remedy, code=code)
