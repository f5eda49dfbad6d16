"""How every published page stands now: by each gate its latest evaluation, and what is held.

Belongs here: reading the folds once, for the sweep and for what is told after it. Does not belong here: what is due and
what a result means. Rates and alarms count what stands, never what was judged just now: a page that failed yesterday
and was not due today fails still.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from delivery_ops.deliverables.pages import PublishedPage, published_pages
from delivery_ops.gates.due import PageGate, by_page_and_gate
from delivery_ops.gates.results import GateResult, holds, latest_by_page
from delivery_ops.gates.sites import by_site
from delivery_ops.settings import Site


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """``pages`` are those live on configured sites, in order of deliverable and page key; ``elsewhere`` the other live
    ones by their host, which nobody judges. ``latest`` may know pages that are live no more. ``held`` is
    (deliverable_id, gate)."""

    pages: Sequence[PublishedPage]
    elsewhere: Mapping[str, Sequence[PublishedPage]]
    latest: Mapping[PageGate, GateResult]
    held: frozenset[tuple[str, str]]

    def results(self, gates: Collection[str]) -> list[GateResult]:
        """The latest evaluation of each of ``pages`` by each of ``gates`` that ever judged it."""
        keys = [(page.deliverable_id, page.page_key, gate) for page in self.pages for gate in gates]
        return [self.latest[key] for key in keys if key in self.latest]

    def beyond_release(self, gates: Collection[str]) -> list[tuple[str, str]]:
        """The holds on live pages that no sweep by ``gates`` can release: for such a page there is no site, or no such
        gate. A deliverable that is withdrawn is held too, and waits for its page alone."""
        judged = {page.deliverable_id for page in self.pages}
        live = judged.union(page.deliverable_id for pages in self.elsewhere.values() for page in pages)
        return sorted(
            (deliverable_id, gate)
            for deliverable_id, gate in self.held
            if deliverable_id in live and not (deliverable_id in judged and gate in gates)
        )


def read_standing(reader: Engine, sites: Iterable[Site]) -> Standing:
    """What stands of the pages of ``sites``, as far as the folds have come."""
    with reader.connect() as connection:
        pages, elsewhere = by_site(published_pages(connection), sites)
        return Standing(
            pages=pages,
            elsewhere=elsewhere,
            latest=by_page_and_gate(latest_by_page(connection)),
            held=frozenset(holds(connection)),
        )
