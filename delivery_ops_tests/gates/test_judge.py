"""At stake: outcome, findings and verdict of whole pages, through the fetcher and the real suites."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from delivery_ops.errors import BadUsage
from delivery_ops.gates import judge as judging
from delivery_ops.gates.evidence.records import DETAILS_PER_CODE
from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.judge import ENFORCED, check_file, check_pages, judge
from delivery_ops.gates.measuring import measure_file
from delivery_ops.gates.suites.engine import SuiteFailed

SITE = "http://www.client.example"
GOOD = """<!doctype html><html lang="en"><head><title>Boot</title>
<meta name="description" content="A boot for every weather, made to be repaired: what it is made of and costs.">
<link rel="canonical" href="{url}">
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Article", "headline": "Boot"}}</script>
</head><body><h1>Boot</h1></body></html>"""


@pytest.fixture
def fetcher(httpserver: HTTPServer) -> PageFetcher:
    return PageFetcher(routes={"www.client.example": ("127.0.0.1", httpserver.port)})


def serve(httpserver: HTTPServer, path: str, html: str | None = None, **more: object) -> str:
    body = GOOD.format(url=SITE + path) if html is None else html
    httpserver.expect_request(path).respond_with_data(body, **{"content_type": "text/html", **more})  # type: ignore[arg-type]
    return SITE + path


def test_many_pages_are_judged_at_once_and_each_gets_its_own(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    urls = [
        serve(httpserver, "/good"),
        serve(httpserver, "/gone", "", status=410),
        serve(httpserver, "/broken", "", status=503),
        serve(httpserver, "/bare", "<p>x"),
        serve(httpserver, "/hidden", headers={"X-Robots-Tag": "noindex"}),
    ]
    pages = check_pages(urls, fetcher)
    assert [(one.url, one.gate, one.outcome) for page in pages for one in page] == [
        (urls[0], "schemaCheck", "pass"),
        (urls[0], "seoTagsPresent", "pass"),
        (urls[1], "schemaCheck", "fail"),
        (urls[1], "seoTagsPresent", "fail"),
        (urls[2], "schemaCheck", "error"),
        (urls[2], "seoTagsPresent", "error"),
        (urls[3], "schemaCheck", "fail"),
        (urls[3], "seoTagsPresent", "fail"),
        (urls[4], "schemaCheck", "pass"),
        (urls[4], "seoTagsPresent", "fail"),
    ]
    assert pages[0][0].findings == pages[0][1].findings == ()
    assert [finding.code for finding in pages[1][1].findings] == ["http_status"]
    assert [(f.code, f.message) for f in pages[2][0].findings] == [("http_status", "it answered 503")]
    assert [finding.where for finding in pages[4][1].findings] == ["header X-Robots-Tag"]


def test_the_evidence_says_what_was_measured_and_of_which_bytes(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    [[schema, seo]] = check_pages([serve(httpserver, "/good")], fetcher)
    assert schema.evidence.items() >= {"http_status": 200, "blocks": 1, "items": 1, "types": "Article"}.items()
    assert seo.evidence.items() >= {"title": "Boot", "titles": 1, "canonical": f"{SITE}/good", "redirected": 0}.items()
    assert len(schema.evidence["sha256"]) == 64
    assert schema.rules_version == "2+schema.org-30.1+google-2026-07"
    assert seo.rules_version == "3"


def test_a_gate_on_watch_measures_and_holds_nothing(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    [[schema, seo]] = check_pages(
        [serve(httpserver, "/", "<p>x")], fetcher, {"schemaCheck": "monitor", "seoTagsPresent": "enforce"}
    )
    assert (schema.outcome, schema.mode, schema.verdict) == ("fail", "monitor", "monitor")
    assert (seo.outcome, seo.mode, seo.verdict) == ("fail", "enforce", "fail")


def test_only_the_gates_asked_for_judge(httpserver: HTTPServer, fetcher: PageFetcher) -> None:
    [[only]] = check_pages([serve(httpserver, "/")], fetcher, {"seoTagsPresent": "enforce"})
    assert only.gate == "seoTagsPresent"


def test_no_pages_are_no_evaluations(fetcher: PageFetcher) -> None:
    assert check_pages([], fetcher) == []


def test_a_file_is_judged_as_served_at_its_address(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(GOOD.format(url=f"{SITE}/a"), encoding="utf-8")
    assert [one.outcome for one in check_file(file, f"{SITE}/a")] == ["pass", "pass"]
    [_, seo] = check_file(file, f"{SITE}/b")
    assert [(f.code, f.severity) for f in seo.findings] == [("canonical_elsewhere", "error")]
    [_, seo] = check_file(file)
    assert (seo.outcome, [(f.code, f.severity) for f in seo.findings]) == (
        "pass",
        [("canonical_not_compared", "warning")],
    )


@pytest.mark.parametrize("path", ["missing.html", "."])
def test_a_file_that_cannot_be_read_is_bad_usage(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadUsage):
        check_file(tmp_path / path)


def test_a_huge_file_is_an_error_of_the_page(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(b"x" * 6_000_000)
    assert [(one.outcome, one.findings[0].code) for one in check_file(file)] == [("error", "too_large")] * 2


def test_errors_come_before_warnings_and_many_alike_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    block = '<script type="application/ld+json">{}</script>'
    file.write_text(f"<body>{block * 30}" + '<script type="application/ld+json">[</script>', encoding="utf-8")
    [schema, _] = check_file(file)
    severities = [finding.severity for finding in schema.findings]
    assert severities == sorted(severities)
    empty = [finding for finding in schema.findings if finding.code == "jsonld_empty"]
    assert len(empty) == DETAILS_PER_CODE + 1
    assert empty[-1].message.endswith("and 10 more")


def test_a_suite_that_fails_leaves_an_error_and_the_other_gates_judgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.html"
    file.write_text(GOOD.format(url=f"{SITE}/a"), encoding="utf-8")
    real = judging.judge_rows

    def failing(suite, rows):
        if suite.name == "schemaCheck":
            raise SuiteFailed("judging pages", subject="schemaCheck", cause="broken", remedy="")
        return real(suite, rows)

    monkeypatch.setattr(judging, "judge_rows", failing)
    [[schema, seo]] = judge([measure_file(file, page_url=f"{SITE}/a", gates=ENFORCED)], ENFORCED)
    assert (schema.outcome, schema.verdict, schema.findings[0].code) == ("error", "error", "judging")
    assert seo.outcome == "pass"


def test_great_expectations_is_not_imported_before_it_judges() -> None:
    code = (
        "import sys, delivery_ops.gates.judge; print([m for m in ('great_expectations', 'pandas') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
