"""What the deliverables room makes of push, of pull, and of both. At stake: two operations at one site that differ."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.pages import Site
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.deliverables.registration import Registrar
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger
from delivery_ops_tests.connectors.ghost.editing import POLL, START, Editor, Poller, pushed
from delivery_ops_tests.connectors.ghost.server import REGISTERED, Ghost

WAYS = ("push", "pull", "both")
HISTORIES = {
    "published, edited, withdrawn, brought back": ["add draft", "publish", "edit", "unpublish", "edit", "publish"],
    "published at once, moved, deleted while live": ["add live", "rename", "edit", "delete"],
    "scheduled, live, withdrawn, deleted": ["add draft", "schedule", "publish", "unpublish", "delete"],
    "moved twice and withdrawn": ["add draft", "rename", "publish", "rename", "rename", "unpublish"],
}
# The address without the way's name in it; a deletion is dated by when it was heard of, so the end is not compared.
PAGES = """
    SELECT regexp_replace(page_key, '(push|pull|both)', '', 'g'), regexp_replace(deliverable_id, '[a-z]+', ''),
           valid_from, valid_to IS NULL, published_at, changed_at
    FROM ops.deliverable_url WHERE deliverable_id LIKE :way ORDER BY 1, 3
"""
DELIVERABLES_NOW = """
    SELECT regexp_replace(deliverable_id, '[a-z]+', ''), regexp_replace(url, '(push|pull|both)', '', 'g'), published_at,
           stage, illegal_moves
    FROM ops.deliverable WHERE deliverable_id LIKE :way ORDER BY 1
"""


@pytest.fixture
def operation(database, settings_factory):
    settings = settings_factory(registration={"rules": [{"id_prefix": "", "client": "acme", "type": "landing_page"}]})
    return database, Registrar(settings, database.engine(Role.folder)), Ledger(database.engine(Role.writer))


def append(operation, drafts: list[EventDraft]) -> None:
    database, registrar, ledger = operation
    results = ledger.append([item for item in registrar.prepare(drafts) if isinstance(item, EventDraft)])
    assert {one.outcome for one in results} <= {"kept", "duplicate"}
    catch_up(database.engine(Role.folder), [DELIVERABLES])


def played(operation, way: str, deeds: list[str]) -> None:
    """One site per way, each with its own deliverables; every change a poll apart, some webhooks late or lost. What
    comes twice must be a duplicate, never a conflict: ``append`` sees to that."""
    ghost = Ghost(START, root=f"http://{way}.example/", registered=REGISTERED)
    rule = DeliverableRule(place="slug_prefix", value=f"{way}-[0-9]+")
    site = Site(name=way, client_id="acme", url=ghost.root, rule=rule)
    editor = Editor(ghost, slug=lambda number, name: f"{way}-{number}-{name}")
    dice, delayed = random.Random(f"{way} {deeds}"), []  # noqa: S311
    with ghost.listening() as url:
        poller = Poller(ghost, site, url)
        for deed in deeds:
            before = len(ghost.sent)
            ghost.at += POLL
            for number in (0, 1):
                editor.do((number, deed, 700))
            by_push = pushed(ghost.sent[before:], site)
            ghost.at += timedelta(minutes=1)
            by_pull = poller.poll()
            if way == "both":
                fates = {"in time": by_push + by_pull, "after the poll": by_pull + by_push}
                fate = dice.choice(["in time", "after the poll", "late", "lost"])
                delayed += by_push if fate == "late" else []
                append(operation, fates.get(fate, by_pull))
            else:
                append(operation, by_push if way == "push" else by_pull)
    dice.shuffle(delayed)
    append(operation, delayed)


@pytest.mark.parametrize("deeds", HISTORIES.values(), ids=HISTORIES)
def test_push_pull_and_both_fold_to_the_same_pages_and_deliverables(operation, deeds):
    database, *_ = operation
    found = {}
    for way in WAYS:
        played(operation, way, deeds)
        with database.engine(Role.reader).connect() as connection:
            found[way] = [
                [tuple(row) for row in connection.execute(text(query), {"way": f"{way}-%"})]
                for query in (PAGES, DELIVERABLES_NOW)
            ]
    assert len(found["push"][1]) == 2
    assert found["push"] == found["pull"] == found["both"]
