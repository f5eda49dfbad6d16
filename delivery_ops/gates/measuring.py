"""From an address or a file to the evidence that the gates' suites judge.

Belongs here: the gates there are, and one page's way from bytes to evidence rows, or to the reason why there are none.
Does not belong here: judging (``judge``). Measuring is per page, needs no other page and may run in threads; what it
keeps is small, the page itself is let go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from delivery_ops import clock
from delivery_ops.errors import BadUsage
from delivery_ops.gates import google_rules, vocabulary
from delivery_ops.gates.evidence.page import MAX_BYTES, Page, read_page
from delivery_ops.gates.evidence.records import Evidence
from delivery_ops.gates.evidence.seo_tags import measure_seo_tags
from delivery_ops.gates.evidence.structured_data import measure_structured_data
from delivery_ops.gates.failures import PageNotMeasured
from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.suites.schema_check import schema_check_suite
from delivery_ops.gates.suites.seo_tags_present import seo_tags_present_suite

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """One machine-verified check of a page: how it measures, and the suite that judges. ``rules_version`` changes
    with anything that could change an outcome for the same page."""

    measure: Callable[[Page], Evidence]
    suite: Callable[[], ExpectationSuite]
    rules_version: Callable[[], str]


GATE_BY_NAME = {
    "schemaCheck": Gate(
        measure=measure_structured_data,
        suite=schema_check_suite,
        rules_version=lambda: f"2+schema.org-{vocabulary.version()}+{google_rules.RULES_VERSION}",
    ),
    "seoTagsPresent": Gate(measure=measure_seo_tags, suite=seo_tags_present_suite, rules_version=lambda: "3"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What is known of a page after looking: ``evidence`` by gate, or the ``failure`` that left none.

    ``sha256`` is the digest of the bytes measured. ``url`` is the address the page was to be at, if it has one.
    """

    url: str | None
    measured_at: datetime
    evidence: dict[str, Evidence]
    failure: PageNotMeasured | None = None
    sha256: str | None = None
    final_url: str | None = None


def measure_url(url: str, fetcher: PageFetcher, gates: Collection[str]) -> Measurement:
    """Fetch ``url`` and measure it for ``gates``. A page that cannot be measured is a result, no exception."""
    try:
        fetched = fetcher.fetch(url)
        page = read_page(
            fetched.body,
            url=url,
            final_url=fetched.final_url,
            status=fetched.status,
            headers=fetched.headers,
        )
    except PageNotMeasured as failure:
        return Measurement(url=url, measured_at=clock.now(), evidence={}, failure=failure)
    return Measurement(
        url=url,
        measured_at=fetched.fetched_at,
        evidence=_evidence(page, gates),
        sha256=fetched.sha256,
        final_url=fetched.final_url,
    )


def measure_file(path: Path, *, page_url: str | None, gates: Collection[str]) -> Measurement:
    """Measure the HTML file at ``path`` for ``gates``, as if it were served at ``page_url``.

    Raises:
        BadUsage: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadUsage(
            "checking a page",
            subject=str(path),
            cause=error.strerror or str(error),
            remedy="Give the path of an HTML file, or an address that starts with http:// or https://.",
        ) from error
    try:
        page = read_page(body, url=page_url)
    except PageNotMeasured as failure:
        return Measurement(url=page_url, measured_at=clock.now(), evidence={}, failure=failure)
    return Measurement(
        url=page_url,
        measured_at=clock.now(),
        evidence=_evidence(page, gates),
        sha256=hashlib.sha256(body).hexdigest(),
    )


def _evidence(page: Page, gates: Collection[str]) -> dict[str, Evidence]:
    return {gate: GATE_BY_NAME[gate].measure(page) for gate in gates}
