"""Walking through an answer of many pages: which comes next, when it is over, and whether anything is withheld.

Belongs here: that bookkeeping, in memory, for one walk in the order of ids. Does not belong here: requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from delivery_ops.connectors.failures import AnswerMalformed, CredentialsRefused, failure
from delivery_ops.connectors.json_api import JsonAnswer

Row = Mapping[str, Any]


class Paginator:
    """The state of one walk: the ``page`` to ask for next, counted from 1, and whether the walk is ``finished``."""

    def __init__(self, *, subject: str, page_size: int) -> None:
        self.page = 1
        self.finished = False
        self._subject = subject
        self._page_size = page_size
        self._seen: set[int] = set()

    def advance(self, answer: JsonAnswer) -> list[Row]:
        """The rows of an answer that did not come before.

        Raises:
            AnswerMalformed: it is no list of rows, does not count them, or gives nothing but what came before.
            CredentialsRefused: it counts rows that it does not give: WordPress leaves out what an account may not edit.
        """
        rows, total, pages = self._parts(answer)
        expected = max(0, min(self._page_size, total - (self.page - 1) * self._page_size))
        if len(rows) < expected:
            cause = f"of {expected} rows that it counts it gives {len(rows)}: the account may not edit the others"
            raise failure(CredentialsRefused, "asking WordPress", subject=self._subject, cause=cause)
        fresh = [row for row in rows if row["id"] not in self._seen]
        if rows and not fresh:
            raise self._malformed(f"page {self.page} repeats what was given before")
        self._seen.update(row["id"] for row in fresh)
        self.finished = self.page >= pages
        self.page += 1
        return fresh

    def _parts(self, answer: JsonAnswer) -> tuple[list[Row], int, int]:
        rows = answer.value
        if not isinstance(rows, list) or not all(isinstance(r, dict) and type(r.get("id")) is int for r in rows):
            raise self._malformed("it is no list of objects with an id")
        counts = [answer.headers.get(name, "") for name in ("x-wp-total", "x-wp-totalpages")]
        if not all(count.isascii() and count.isdigit() and len(count) < 10 for count in counts):
            raise self._malformed(f"its X-WP-Total and X-WP-TotalPages are {counts}")
        return rows, int(counts[0]), int(counts[1])

    def _malformed(self, cause: str) -> Exception:
        return failure(AnswerMalformed, "asking WordPress", subject=self._subject, cause=cause)
