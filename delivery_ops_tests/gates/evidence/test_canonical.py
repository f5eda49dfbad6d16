"""At stake: the canonical link is found wherever search engines look for it. What compares it is told by the good page
of ``test_seo_tags`` and its changes."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.measuring import measure_url

URL = "https://www.client.example/spring"
ELSEWHERE = "https://www.client.example/summer"
ELEMENT = f'<link rel="canonical" href="{URL}">'
HEAD = (
    '<html lang="en"><title>Spring</title><meta name="description" content="What the spring campaign offers, and for '
    'whom, and how long.">'
)
BODY = "<h1>Spring</h1>"


@pytest.fixture
def codes(look) -> Callable[..., list[str]]:
    """The codes missed by a page with these elements and these ``Link`` headers."""

    def missed(element: str, *values: str) -> list[str]:
        headers = (("content-type", "text/html"), *(("link", value) for value in values))
        return look("seoTagsPresent", HEAD + element + BODY, url=URL, headers=headers).codes

    return missed


@pytest.mark.parametrize(
    "value",
    [
        f'<{URL}>; rel="canonical"',
        f"<{URL}>;rel=canonical",
        f"< {URL} > ; REL = Canonical ; title=x",
        f'<{URL}>; rel="alternate canonical"',
        f'<{URL}>; title="a, b; c \\" <x>"; rel=canonical',
        f"<{URL}>; title*=UTF-8''x; rel=canonical;",
        f"</style.css>; rel=preload; as=style, <{URL}>; rel=canonical",
        f"<{URL}>; rel=canonical,</style.css>;rel=preload",
        f'<{URL}>; rel="canonical"; rel="preload"',
        f"<{URL}>; crossorigin; rel=canonical",
        "<HTTPS://WWW.client.example:443/%73pring>; rel=canonical",
    ],
)
def test_a_canonical_in_the_header_alone_is_one(codes, value: str) -> None:
    assert codes("", value) == []


@pytest.mark.parametrize(
    "value",
    [
        f"<{URL}>; rel=alternate",
        f"<{URL}>; rel=preload; rel=canonical",
        f"<{URL}>; rel=canonicals",
        f'<{URL}>; title="rel=canonical"',
        f'</x>; title="<{URL}>; rel=canonical"',
        f'<{URL}>; rel=canonical; anchor="/other"',
        f"<{URL}>; rev=canonical",
        f"<{URL}>; rel=canonical; hreflang=de",
        f'<{URL}>; rel=canonical; Type="application/pdf"',
        f"{URL}; rel=canonical",
        f"<{URL}, rel=canonical",
        "",
    ],
)
def test_another_link_in_the_header_is_none(codes, value: str) -> None:
    assert codes("", value) == ["canonical_missing"]


def test_each_header_line_counts(codes) -> None:
    assert codes("", "</style.css>; rel=preload", f"<{URL}>; rel=canonical") == []


@pytest.mark.parametrize(
    ("element", "values", "expected"),
    [
        (ELEMENT, [f"<{URL}>; rel=canonical"], []),
        (ELEMENT.replace("spring", "%73pring"), [f"<{URL}>; rel=canonical"], []),
        (ELEMENT, [f"<{ELSEWHERE}>; rel=canonical"], ["canonical_conflicting"]),
        ("", [f"<{URL}>; rel=canonical, <{ELSEWHERE}>; rel=canonical"], ["canonical_conflicting"]),
        ("", [f"<{ELSEWHERE}>; rel=canonical"], ["canonical_elsewhere"]),
        ("", ["</spring>; rel=canonical"], ["canonical_invalid"]),
        (ELEMENT, ["<>; rel=canonical"], ["canonical_invalid", "canonical_conflicting"]),
    ],
)
def test_head_and_header_must_agree(codes, element: str, values: list[str], expected: list[str]) -> None:
    assert codes(element, *values) == expected


def test_the_place_is_told(look) -> None:
    headers = (("content-type", "text/html"), ("link", f"<{ELSEWHERE}>; rel=canonical"))
    seen = look("seoTagsPresent", HEAD + BODY, url=URL, headers=headers)
    assert (seen.where("canonical_elsewhere"), seen.evidence.facts.canonical) == ("header Link", ELSEWHERE)
    seen = look("seoTagsPresent", HEAD + ELEMENT + BODY, url=URL, headers=headers)
    assert seen.where("canonical_conflicting") == "header Link"
    assert seen.says("canonical_conflicting") == f"several are named: '{URL}', '{ELSEWHERE}'"


def test_the_header_of_a_page_that_was_fetched_is_read(httpserver: HTTPServer) -> None:
    headers = [("Link", "</style.css>; rel=preload"), ("Link", f"<{URL}>; rel=canonical")]
    httpserver.expect_request("/spring").respond_with_response(
        Response(HEAD + BODY, headers=headers, mimetype="text/html")
    )
    fetcher = PageFetcher(routes={"www.client.example": ("127.0.0.1", httpserver.port)})
    url = URL.replace("https", "http")
    facts = measure_url(url, fetcher, ["seoTagsPresent"]).evidence["seoTagsPresent"].facts.as_row()
    assert (facts["canonicals"], facts["canonical"], facts["canonical_elsewhere"]) == (1, URL, 1)


@pytest.mark.parametrize(
    "value",
    ["<" * 100_000, "<x>;" * 25_000, "<x>; a=" + '"' * 100_000, "<x>" + ";a " * 30_000, "<x>; rel=canonical," * 5_000],
    ids=lambda value: value[:8],
)
def test_a_hostile_header_costs_no_more_than_its_size(codes, value: str) -> None:
    started = time.process_time()
    codes("", value)
    assert time.process_time() - started < 2


@given(st.lists(st.sampled_from([*'<>;,= "\\', "rel", "canonical", "anchor", URL]), max_size=20).map("".join))
def test_no_header_can_break_the_measurement(look, value: str) -> None:
    look("seoTagsPresent", HEAD + ELEMENT + BODY, url=URL, headers=(("content-type", "text/html"), ("link", value)))
