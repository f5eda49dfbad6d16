"""At stake: a site that is down told as a handful of pages, or one page that is down told as a site."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from delivery_ops.defs.gates.assets import _silent_sites
from delivery_ops.deliverables.pages import PublishedPage
from delivery_ops.gates.judge import Evaluation, Finding
from delivery_ops.gates.sweep import JudgedPage
from delivery_ops.gates.verdicts import Outcome
from delivery_ops.settings import Site

SITES = [Site(url="http://a.example/", client="a"), Site(url="http://b.example/", client="b")]


def judged(url: str, *outcomes: Outcome) -> JudgedPage:
    at = datetime(2026, 3, 30, tzinfo=UTC)
    page = PublishedPage(deliverable_id=url, client_id="a", url=url, page_key=url, published_at=at, changed_at=at)
    finding = Finding(code="unreachable", severity="error", message="it did not answer", where=None)
    evaluations = tuple(
        Evaluation(
            gate=f"gate{number}",
            url=url,
            outcome=outcome,
            mode="enforce",
            verdict=outcome,
            findings=(finding,) if outcome == "error" else (),
            evidence={},
            rules_version="1",
        )
        for number, outcome in enumerate(outcomes)
    )
    return JudgedPage(page=page, judged_at=at, evaluations=evaluations)


@pytest.mark.parametrize(
    ("pages", "silent"),
    [
        pytest.param([], [], id="nothing was due"),
        pytest.param([judged("http://a.example/x", "pass", "fail")], [], id="a site that answers"),
        pytest.param([judged("http://a.example/x", "error", "error")], ["http://a.example/"], id="all is down"),
        pytest.param(
            [judged("http://a.example/x", "error", "error"), judged("http://a.example/y", "pass", "pass")],
            [],
            id="one page of two is down",
        ),
        pytest.param([judged("http://a.example/x", "error", "pass")], [], id="one gate could not say anything"),
        pytest.param(
            [judged("http://a.example/x", "error"), judged("http://b.example/x", "pass")],
            ["http://a.example/"],
            id="another site answers",
        ),
        pytest.param([judged("http://nobodys.example/x", "error")], [], id="a page of no configured site"),
        pytest.param([judged("http://a.example.evil/x", "error")], [], id="a host that only begins alike"),
    ],
)
def test_a_site_is_silent_when_no_page_of_it_could_be_measured(pages: list[JudgedPage], silent: list[str]) -> None:
    assert [failure.subject for failure in _silent_sites(SITES, pages)] == silent


def test_a_silent_site_is_told_with_its_pages_number_and_a_cause() -> None:
    pages = [judged("http://a.example/x", "error"), judged("http://a.example/y", "error")]
    [failure] = _silent_sites(SITES, pages)
    assert failure.cause == "none of its 2 pages could be measured: it did not answer"
