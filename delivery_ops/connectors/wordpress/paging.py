"""Walking through an answer of many pages: which comes next, when it is over, and whether it goes in a circle.

Belongs here: that bookkeeping, in memory, for one walk in the order of ids. Does not belong here: requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from delivery_ops.connectors.failures import AnswerMalformed, failure
from delivery_ops.connectors.json_api import JsonAnswer

Row = Mapping[str, Any]


class Paginator:
    """The state of one walk: the ``page`` to ask for next, counted from 1, and whether the walk is ``finished``."""

    def __init__(self, *, subject: str) -> None:
        self.page = 1
        self.finished = False
        self._subject = subject
        self._seen: set[int] = set()

    def advance(self, answer: JsonAnswer) -> list[Row]:
        """The rows of an answer that did not come before.

        Raises:
            AnswerMalformed: it is no list of rows, does not count its pages, or gives nothing but what came before.
        """
        rows, pages = self._parts(answer)
        fresh = [row for row in rows if row["id"] not in self._seen]
        if rows and not fresh:
            raise self._malformed(f"page {self.page} repeats what was given before")
        self._seen.update(row["id"] for row in fresh)
        self.finished = self.page >= pages
        self.page += 1
        return fresh

    def _parts(self, answer: JsonAnswer) -> tuple[list[Row], int]:
        rows = answer.value
        if not isinstance(rows, list) or not all(isinstance(r, dict) and type(r.get("id")) is int for r in rows):
            raise self._malformed("it is no list of objects with an id")
        pages = answer.headers.get("x-wp-totalpages", "")
        if not (pages.isascii() and pages.isdigit() and len(pages) < 10):
            raise self._malformed(f"its X-WP-TotalPages is {pages!r:.80}")
        return rows, int(pages)

    def _malformed(self, cause: str) -> Exception:
        return failure(AnswerMalformed, "asking WordPress", subject=self._subject, cause=cause)
