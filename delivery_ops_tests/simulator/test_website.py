"""Over real HTTP: every page answers, every planted defect is the only thing wrong with its page, all else is right.

Pages are measured here with the standard library's parser and plain rules, not with the gates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest

from delivery_ops.simulator import planted
from delivery_ops.simulator.records import Agency, Deliverable
from delivery_ops.simulator.serve import Served, serving
from delivery_ops.simulator.truth import Truth

MAIN_TYPE = {
    "article": "Article",
    "product_page": "Product",
    "landing_page": "Organization",
    "category_page": "Organization",
}
# Google's required properties, and those it recommends, of the types used here (search gallery, 2026).
NEEDED = {
    "Article": {"headline", "image", "datePublished", "dateModified", "author"},
    "Product": {"name", "image", "description", "offers", "aggregateRating", "review"},
    "Organization": {"name", "url", "logo", "address", "contactPoint", "sameAs"},
    "BreadcrumbList": {"itemListElement"},
}


class _Page(HTMLParser):
    """The tags of a page, and the text of those that hold one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.append((self._open[-1], data))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def with_attribute(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [a for name, a in self.tags if name == tag and wanted.items() <= a.items()]

    def text(self, tag: str) -> list[str]:
        return [text.strip() for name, text in self.texts if name == tag and text.strip()]


@pytest.fixture(scope="module")
def browser(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5) as client:
        yield client


def _get(browser: httpx.Client, served: Served, url: str, method: str = "GET") -> httpx.Response:
    parts = urlsplit(url)
    ip, port = served.routes.get(parts.netloc, next(iter(served.routes.values())))
    return browser.request(method, f"http://{ip}:{port}{parts.path}?{parts.query}", headers={"Host": parts.netloc})


def _up(agency: Agency) -> list[Deliverable]:
    gone = {planted.UNREACHABLE, planted.UNPUBLISHED}
    return [d for d in agency.deliverables if d.url and d.deliverable_id not in gone]


def _schema_problems(page: _Page, deliverable: Deliverable) -> list[str]:
    """What a strict reader of the structured data holds against the page."""
    blocks = [text for name, text in page.texts if name == "script" and text.strip()]
    if not blocks:
        return ["no_json_ld"]
    problems, types = [], []
    for block in blocks:
        try:
            node: dict[str, Any] = json.loads(block)
        except ValueError:
            problems.append("broken_json")
            continue
        types.append(node["@type"])
        if node["@type"] not in NEEDED:
            problems.append("unknown_type")
        elif missing := NEEDED[node["@type"]] - node.keys():
            problems.append(
                "product_without_offer" if missing == {"offers", "aggregateRating", "review"} else str(missing)
            )
        if node["@type"] == "BreadcrumbList":
            items = node["itemListElement"]
            assert [item["position"] for item in items] == [1, 2]
            assert items[-1]["item"] == deliverable.url
    if not problems and types != [MAIN_TYPE[deliverable.type], "BreadcrumbList"]:
        problems.append(f"types {types}")
    return problems


def _seo_problems(page: _Page, answer: httpx.Response, url: str) -> list[str]:
    problems = []
    [description] = [a["content"] or "" for a in page.with_attribute("meta", name="description")] or [""]
    if not 50 <= len(description) <= 160:
        problems.append("no_description" if not description else f"description of {len(description)}")
    [title] = [" ".join(page.text("title"))]
    if not 10 <= len(title) <= 65:
        problems.append(f"title {title!r}")
    if len(page.text("h1")) != 1:
        problems.append("two_headings")
    [canonical] = [a["href"] for a in page.with_attribute("link", rel="canonical")]
    if canonical != url:
        problems.append("foreign_canonical")
    if "noindex" in answer.headers.get("X-Robots-Tag", "") or page.with_attribute("meta", name="robots"):
        problems.append("noindex_header")
    if [a.get("lang") for a in page.with_attribute("html")] != ["en"]:
        problems.append("lang")
    return problems


def test_each_page_is_right_but_for_the_one_defect_planted_in_it(
    agency: Agency, truth: Truth, browser: httpx.Client, served: Served
) -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for deliverable in _up(agency):
        assert deliverable.url
        answer = _get(browser, served, deliverable.url)
        assert answer.status_code == 200
        page = _Page(answer.text)
        found[deliverable.deliverable_id, "schemaCheck"] = _schema_problems(page, deliverable)
        found[deliverable.deliverable_id, "seoTagsPresent"] = _seo_problems(page, answer, deliverable.url)
    assert {key: problems for key, problems in found.items() if problems} == {
        key: [defect] for key, defect in truth.defects.items()
    }
    assert found.keys() == {key for key, outcome in truth.outcomes.items() if outcome != "error"}


def test_four_defects_are_planted_per_gate_and_each_differs(truth: Truth) -> None:
    for gate in ("schemaCheck", "seoTagsPresent"):
        planted_here = [defect for (_, name), defect in truth.defects.items() if name == gate]
        assert len(set(planted_here)) == len(planted_here) == 4


def test_one_page_does_not_answer_and_the_others_of_its_site_do(
    agency: Agency, browser: httpx.Client, served: Served, truth: Truth
) -> None:
    [silent] = [d for d in agency.deliverables if d.deliverable_id == planted.UNREACHABLE]
    assert silent.url
    with pytest.raises(httpx.RemoteProtocolError):
        _get(browser, served, silent.url)
    assert {key for key, outcome in truth.outcomes.items() if outcome == "error"} == {
        (planted.UNREACHABLE, gate) for gate in ("schemaCheck", "seoTagsPresent")
    }


@pytest.mark.parametrize(
    ("url", "method", "status"),
    [
        ("http://www.halden.example/", "GET", 200),
        ("http://www.halden.example/", "HEAD", 200),
        ("http://www.halden.example/", "POST", 405),
        ("http://www.halden.example/?utm_source=x", "GET", 200),
        ("http://www.halden.example/no-such-page/", "GET", 404),
        ("http://www.pellworm.example/products/gift-box/", "GET", 404),  # taken down
        ("http://www.pellworm.example/guides/r%c3%b6stgrade/", "GET", 200),
        ("http://unknown.example/", "GET", 404),
        ("http://www.halden.example/images/halden-prd-01.svg", "GET", 200),
    ],
)
def test_addresses_answer_by_host_path_and_method(
    browser: httpx.Client, served: Served, url: str, method: str, status: int
) -> None:
    answer = _get(browser, served, url, method)
    assert answer.status_code == status
    assert (answer.content == b"") == (method == "HEAD" or status == 405)


def _locations(browser: httpx.Client, served: Served, url: str) -> list[str]:
    """Every page a sitemap or an index of sitemaps lists."""
    root = ET.fromstring(_get(browser, served, url).content)  # noqa: S314 (our own server's)
    namespace = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = [loc.text or "" for loc in root.findall("s:url/s:loc", namespace)]
    for part in root.findall("s:sitemap/s:loc", namespace):
        found += _locations(browser, served, part.text or "")
    return found


def test_robots_txt_leads_to_a_sitemap_of_exactly_the_pages_that_are_published(
    agency: Agency, browser: httpx.Client, served: Served
) -> None:
    for client in agency.clients:
        robots = _get(browser, served, f"{client.site}robots.txt").text
        [sitemap] = [line.removeprefix("Sitemap: ") for line in robots.splitlines() if line.startswith("Sitemap")]
        theirs = [d.url for d in agency.deliverables if d.client_id == client.client_id and d.url]
        gone = [d.url for d in agency.deliverables if d.deliverable_id == planted.UNPUBLISHED]
        assert sorted(_locations(browser, served, sitemap)) == sorted(set(theirs) - set(gone))


def test_links_and_pictures_of_good_pages_lead_somewhere(agency: Agency, browser: httpx.Client, served: Served) -> None:
    for client in agency.clients:
        page = _Page(_get(browser, served, client.site).text)
        targets = [a["href"] for a in page.with_attribute("a")] + [a["src"] for a in page.with_attribute("img")]
        silent = {d.url for d in agency.deliverables if d.deliverable_id == planted.UNREACHABLE}
        for target in {str(target) for target in targets} - silent:
            url = target if "://" in target else f"{client.site}{target[1:]}"
            assert _get(browser, served, url).status_code == 200


def test_servers_end_with_their_context(agency: Agency) -> None:
    with serving(agency.seed) as served:
        ports = {port for _, port in served.routes.values()} | {urlsplit(served.search_console_endpoint).port}
        assert len(ports) == 2
    for port in ports:
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/")


def test_two_agencies_are_served_side_by_side(agency: Agency) -> None:
    with serving(agency.seed) as one, serving(agency.seed + 1) as other:
        assert one.routes.keys() == other.routes.keys()
        assert set(one.routes.values()).isdisjoint(other.routes.values())


def test_addresses_are_ascii_on_the_wire(agency: Agency) -> None:
    for deliverable in _up(agency):
        assert deliverable.url
        assert deliverable.url.isascii()
    assert any(unquote(d.url or "") != d.url for d in _up(agency))
