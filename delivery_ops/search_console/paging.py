"""Walking through an answer of many pages: where the next page starts, when it is over, and whether it loops.

Search Console sorts by clicks and leaves ties in any order, so between two pages a row can be given twice, and
then another one is missing. Belongs here: that bookkeeping, in memory, for one query. Does not belong here:
requests and storage; whoever asks for the pages feeds them in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from delivery_ops.search_console.failures import AnswerMalformed, failure

#: The most rows one answer may hold.
PAGE_SIZE = 25_000

Row = dict[str, Any]


class Paginator:
    """The state of one walk: ``start_row`` of the page to ask for next, and whether the walk is ``finished``."""

    def __init__(self, *, subject: str, page_size: int = PAGE_SIZE) -> None:
        self.page_size = page_size
        self.start_row = 0
        self.finished = False
        self._subject = subject
        self._seen: set[tuple[str, ...]] = set()

    def advance(self, page: Sequence[Row]) -> None:
        """Take a page in. A short page, or an empty one after exactly full pages, is the last.

        Raises:
            AnswerMalformed: a row came before, on this page or an earlier one.
        """
        for row in page:
            keys = tuple(row["keys"])
            if keys in self._seen:
                raise failure(
                    AnswerMalformed,
                    "paging through search rows",
                    subject=self._subject,
                    cause=f"the page from row {self.start_row} gives {keys!r:.80} a second time, so another is missing",
                )
            self._seen.add(keys)
        self.start_row += len(page)
        self.finished = len(page) < self.page_size
