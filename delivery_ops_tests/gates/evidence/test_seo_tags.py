"""At stake: seoTagsPresent says what is wrong with a page and nothing else. One good page, and single changes to it."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.gates.evidence.page import read_page
from delivery_ops.gates.evidence.records import DETAILS_PER_CODE
from delivery_ops.gates.evidence.robots import prohibitions
from delivery_ops.gates.failures import PageNotMeasured

URL = "https://www.client.example/spring"
TITLE = "<title>Spring campaign</title>"
DESCRIPTION = '<meta name="description" content="What the spring campaign offers, for whom, and how long it runs.">'
CANONICAL = f'<link rel="canonical" href="{URL}">'
H1 = "<h1>Spring campaign</h1>"
GOOD = f'<!doctype html>\n<html lang="en">\n<head>\n{TITLE}\n{DESCRIPTION}\n{CANONICAL}\n</head>\n<body>\n{H1}\n</body>'


@pytest.fixture
def codes(look) -> Callable[..., list[str]]:
    return lambda html, **more: look("seoTagsPresent", html, **{"url": URL, **more}).codes


def test_a_good_page_passes_without_a_word(codes) -> None:
    assert codes(GOOD) == []


# id → (text of the good page, what replaces it, codes missed)
CHANGES = {
    "no title": (TITLE, "", ["title_missing"]),
    "empty title": (TITLE, "<title> \n </title>", ["title_empty"]),
    "two titles": (TITLE, TITLE * 2, ["title_repeated"]),
    "a title in a picture is none": (H1, H1 + "<svg><title>Icon</title></svg>", []),
    "title in the body": (H1, TITLE + H1, ["outside_head"]),
    "no description": (DESCRIPTION, "", ["description_missing"]),
    "empty description": (DESCRIPTION, '<meta name="description" content=" ">', ["description_empty"]),
    "description without content": (DESCRIPTION, '<meta name="description">', ["description_empty"]),
    "two descriptions": (DESCRIPTION, DESCRIPTION * 2, ["description_repeated"]),
    "description of 49": (DESCRIPTION, f'<meta name="description" content="{"x" * 49}">', ["description_length"]),
    "description of 50": (DESCRIPTION, f'<meta name="description" content="{"x" * 50}">', []),
    "description of 160": (DESCRIPTION, f'<meta name="description" content="{"x" * 160}">', []),
    "description of 161": (DESCRIPTION, f'<meta name="description" content="{"x" * 161}">', ["description_length"]),
    "description in capitals": (DESCRIPTION, DESCRIPTION.replace("description", "Description", 1), []),
    "og:description is none": (DESCRIPTION, DESCRIPTION.replace("name", "property", 1), ["description_missing"]),
    "no h1": (H1, "<h2>Spring</h2>", ["h1_missing"]),
    "empty h1": (H1, "<h1> <b></b></h1>", ["h1_empty"]),
    "h1 of an editor's filler alone": (H1, "<h1>&#8203;<br>&#xFEFF;</h1>", ["h1_empty"]),
    "title of a soft hyphen": (TITLE, "<title>&shy;</title>", ["title_empty"]),
    "h1 with a picture that has a text": (H1, '<h1><img alt="Spring"></h1>', []),
    "two h1": (H1, H1 * 2, ["h1_repeated"]),
    "a second h1 in noscript": (H1, f"{H1}<noscript>{H1}</noscript>", []),
    "a second h1 in a template": (H1, f"{H1}<template>{H1}</template>", []),
    "no canonical": (CANONICAL, "", ["canonical_missing"]),
    "relative canonical": (CANONICAL, '<link rel="canonical" href="/spring">', ["canonical_invalid"]),
    "canonical without a scheme": (
        CANONICAL,
        '<link rel="canonical" href="//www.client.example/spring">',
        ["canonical_invalid"],
    ),
    "empty canonical": (CANONICAL, '<link rel="canonical" href="">', ["canonical_invalid"]),
    "canonical without href": (CANONICAL, '<link rel="canonical">', ["canonical_invalid"]),
    "canonical that is no address": (CANONICAL, '<link rel="canonical" href="https://:80/">', ["canonical_invalid"]),
    "canonical by script": (CANONICAL, '<link rel="canonical" href="javascript:x">', ["canonical_invalid"]),
    "canonical broken over lines": (CANONICAL, CANONICAL.replace("spring", "spr\n\ting"), []),
    "canonical with a space": (CANONICAL, CANONICAL.replace("spring", "spr ing"), ["canonical_elsewhere"]),
    "canonical for print": (CANONICAL, CANONICAL.replace(">", ' media="print">'), ["canonical_missing"]),
    "canonical for a language": (CANONICAL, CANONICAL.replace(">", ' hreflang="de">'), ["canonical_missing"]),
    "two canonicals": (
        CANONICAL,
        CANONICAL + '<link rel="canonical" href="https://a.example/">',
        ["canonical_conflicting"],
    ),
    "the same canonical twice": (CANONICAL, CANONICAL * 2, []),
    "canonical elsewhere": (
        CANONICAL,
        '<link rel="canonical" href="https://www.client.example/">',
        ["canonical_elsewhere"],
    ),
    "canonical on another host": (
        CANONICAL,
        '<link rel="canonical" href="https://client.example/spring">',
        ["canonical_elsewhere"],
    ),
    "canonical with a trailing slash": (CANONICAL, f'<link rel="canonical" href="{URL}/">', ["canonical_elsewhere"]),
    "canonical in another spelling": (
        CANONICAL,
        '<link rel="CANONICAL x" href=" HTTPS://WWW.client.example:443/x/../%73pring ">',
        [],
    ),
    "canonical with http": (CANONICAL, CANONICAL.replace("https:", "http:"), ["canonical_elsewhere"]),
    "canonical at the other scheme's port": (
        CANONICAL,
        CANONICAL.replace("example/", "example:80/"),
        ["canonical_elsewhere"],
    ),
    "canonical with tracking": (CANONICAL, CANONICAL.replace(URL, f"{URL}?utm_source=x"), ["canonical_elsewhere"]),
    "canonical with a fragment": (CANONICAL, CANONICAL.replace(URL, f"{URL}#top"), ["canonical_elsewhere"]),
    "canonical with a user": (CANONICAL, CANONICAL.replace("//", "//me@"), ["canonical_elsewhere"]),
    "canonical in the body": (H1, CANONICAL + H1, ["outside_head"]),
    "canonical only in the body": (
        f"{CANONICAL}\n</head>\n<body>",
        f"</head><body>{CANONICAL}",
        ["canonical_missing", "outside_head"],
    ),
    "noindex": ("</head>", '<meta name="robots" content="noindex, follow"></head>', ["robots_noindex"]),
    "none": ("</head>", '<meta name="ROBOTS" content="NONE"></head>', ["robots_noindex"]),
    "noindex for Google": ("</head>", '<meta name="googlebot" content="noindex"></head>', ["robots_noindex"]),
    "noindex in the body": (H1, H1 + '<meta name="robots" content="noindex">', ["robots_noindex"]),
    "noindex for news": ("</head>", '<meta name="googlebot-news" content="noindex"></head>', ["robots_noindex_others"]),
    "noindex in a template": (H1, H1 + '<template><meta name="robots" content="noindex"></template>', []),
    "other directives": ("</head>", '<meta name="robots" content="nofollow, max-snippet:-1, noimageindex"></head>', []),
    "no lang": (' lang="en"', "", ["lang_missing"]),
    "empty lang": ('lang="en"', 'lang=" "', ["lang_missing"]),
    "xml:lang is no lang": ("lang=", "xml:lang=", ["lang_missing"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_one_change_is_said_and_nothing_else(codes, old: str, new: str, expected: list[str]) -> None:
    assert GOOD.count(old) == 1
    assert codes(GOOD.replace(old, new)) == expected


def test_a_box_in_the_head_ends_it_and_is_named(look) -> None:
    seen = look("seoTagsPresent", GOOD.replace(TITLE, f"{TITLE}\n<div></div>"), url=URL)
    assert seen.codes == ["description_missing", "canonical_missing", "outside_head"]
    assert "<body> on line 5 ended the head" in seen.says("outside_head")
    assert seen.where("outside_head") == "line 6"


def test_an_analytics_pixel_in_noscript_does_not_end_the_head(codes) -> None:
    pixel = '<noscript><img src="https://pixel.example/?id=1"></noscript>'
    assert codes(GOOD.replace(TITLE, pixel + TITLE)) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("noindex", ["robots_noindex"]),
        ("NoIndex, nofollow", ["robots_noindex"]),
        ("nofollow, none", ["robots_noindex"]),
        ("googlebot: noindex", ["robots_noindex"]),
        ("googlebot: nofollow, otherbot: noindex, nofollow", ["robots_noindex_others"]),
        ("otherbot: nofollow, googlebot: noindex", ["robots_noindex"]),
        ("bingbot: none", ["robots_noindex_others"]),
        ("max-snippet: 20, noindex", ["robots_noindex"]),
        ("unavailable_after: 25 Jun 2010 15:00:00 PST", []),
        ("max-image-preview:large", []),
        ("all", []),
        ("noindexes", []),
        ("", []),
    ],
)
def test_the_header_is_read_with_the_agents_it_names(codes, value: str, expected: list[str]) -> None:
    assert codes(GOOD, headers=(("content-type", "text/html"), ("x-robots-tag", value))) == expected


def test_each_header_line_begins_anew(look) -> None:
    headers = (("x-robots-tag", "otherbot: nofollow"), ("x-robots-tag", "noindex"))
    found = list(prohibitions(read_page(GOOD.encode(), url=URL, headers=headers)))
    assert [(one.agent, one.directive, one.where) for one in found] == [("robots", "noindex", "header X-Robots-Tag")]


def test_a_page_of_unknown_address_keeps_its_canonical_uncompared(codes) -> None:
    assert codes(GOOD, url=None) == ["canonical_not_compared"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{URL}#part", []),
        (URL.replace("https", "http"), ["canonical_elsewhere"]),
        (f"{URL}?utm_source=mail", ["canonical_elsewhere"]),
    ],
)
def test_the_canonical_must_equal_the_address_delivered(codes, url: str, expected: list[str]) -> None:
    assert codes(GOOD, url=url) == expected


def test_both_addresses_are_shown_where_they_differ(look) -> None:
    seen = look("seoTagsPresent", GOOD, url=URL.replace("https", "http"))
    assert seen.says("canonical_elsewhere") == f"it names '{URL}', the page is at '{URL.replace('https', 'http')}'"


@pytest.mark.parametrize(
    ("final_url", "expected"),
    [
        (URL, []),
        (URL.replace("https", "http"), []),
        ("https://www.client.example/summer", ["redirected"]),
    ],
)
def test_a_redirect_to_another_page_is_said(codes, final_url: str, expected: list[str]) -> None:
    assert codes(GOOD, final_url=final_url) == expected


def test_a_page_that_moved_is_compared_with_the_address_delivered(codes) -> None:
    moved = GOOD.replace(URL, "https://www.client.example/summer")
    assert codes(moved, final_url="https://www.client.example/summer") == ["canonical_elsewhere", "redirected"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_has_no_other_fault(codes, status: int) -> None:
    assert codes("", status=status) == ["http_status"]


def test_an_empty_page_lacks_everything(codes) -> None:
    missing = ["title_missing", "description_missing", "h1_missing", "canonical_missing", "lang_missing"]
    assert codes("") == codes("<!-- nothing -->") == missing


def test_several_are_named_with_their_lines(look) -> None:
    seen = look("seoTagsPresent", GOOD.replace(H1, f"{H1}\n{H1}\n{H1}"), url=URL)
    assert seen.says("h1_repeated") == "3, on lines 9, 10, 11"
    assert seen.where("h1_repeated") == "line 10"


def test_the_facts_are_kept_for_people(look) -> None:
    html = GOOD.replace("Spring campaign</title>", "Spring \x01\n campaign</title>")
    facts = look("seoTagsPresent", html, url=URL, headers=(("content-type", "text/html"),)).evidence.facts
    kept = (facts.title, facts.h1, facts.canonical, facts.language)
    assert kept == ("Spring \ufffd campaign", "Spring campaign", URL, "en")


MANY = 40_000
HOSTILE = {
    "many titles": GOOD.replace(TITLE, TITLE * MANY),
    "many canonicals": GOOD.replace(CANONICAL, "".join(f"<link rel=canonical href=/{at}>" for at in range(MANY))),
    "many canonicals in the body": GOOD.replace(H1, CANONICAL * MANY),
    "headings inside each other": "<body>" + "<h1>" * 500 + "<p>x" * MANY,
    "many directives": GOOD.replace(H1, f'<meta name="robots" content="{"noindex," * MANY}">'),
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_tags_without_measure_cost_no_more_than_their_size(look, html: str) -> None:
    started = time.process_time()
    evidence = look("seoTagsPresent", html, url=URL).evidence
    assert time.process_time() - started < 4
    assert len(evidence.details) <= 3 * (DETAILS_PER_CODE + 1)


FRAGMENT = st.sampled_from(
    [
        TITLE,
        DESCRIPTION,
        CANONICAL,
        H1,
        "<head>",
        "</head>",
        "<body>",
        "<div>",
        "<noscript>",
        "<template>",
        "<svg>",
        "x",
        "<html lang=de>",
        "<link rel=canonical href='http://['>",
        "<meta name=robots content='x: noindex,,:'>",
    ]
)


@given(st.lists(FRAGMENT | st.text(max_size=10), max_size=20), st.sampled_from([None, URL, "http://[", ""]))
def test_no_page_can_break_the_measurement(look, parts: list[str], url: str | None) -> None:
    html = "".join(parts).encode("utf-8", "replace")
    look("seoTagsPresent", html, url=url, headers=(("content-type", "text/html"), ("x-robots-tag", "".join(parts))))


@given(st.binary(max_size=200))
def test_no_bytes_can_break_the_measurement(look, body: bytes) -> None:
    try:
        look("seoTagsPresent", body)
        look("schemaCheck", body)
    except PageNotMeasured as failure:
        assert failure.code == "not_html"  # noqa: PT017 - only some bodies fail
