"""At stake: hostile bytes must end in a limit, not in a worker; and a tag must count where search engines count it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.gates.evidence.page import MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, Page, line_number, read_page, text_of
from delivery_ops.gates.failures import PageNotMeasured


def page(html: str | bytes, **more: object) -> Page:
    return read_page(html.encode() if isinstance(html, str) else html, url=None, **more)  # type: ignore[arg-type]


def head_tags(html: str) -> list[str]:
    return [element.tag for element in page(html).head]


HOSTILE = {
    "100 KB of nested tags": ("<div>" * 20_000, "too_complex"),
    "a million nested tags": ("<b>" * 1_000_000, "too_complex"),
    "nested tags with wrong ends": ("<b>" * 2_000 + "</i>" * 300_000, "too_complex"),
    "a tag with 100,000 attributes": ("<p " + " ".join(f"a{at}=1" for at in range(100_000)) + ">", "too_complex"),
    "300,000 elements": ("<p>x" * 300_000, "too_complex"),
    "six megabytes": ("x" * 6_000_000, "too_large"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(1000), "not_html"),
}


@pytest.mark.parametrize(("html", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_stopped_at_a_limit(html: str | bytes, code: str) -> None:
    started = time.process_time()
    with pytest.raises(PageNotMeasured) as stopped:
        page(html)
    assert stopped.value.code == code
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * (MAX_DEPTH - 2),
        "<p " + " ".join(f"a{at}" for at in range(MAX_ATTRIBUTES)) + ">",
        f'<p title="{"x" * (MAX_BYTES - 100)}">',
        "<!--" * 500_000,
        "<" * 200_000,
        "<select><option>" * 200,
        "&amp" * 1_000_000,
        "<html a=1>" * 50_000,
    ],
    ids=["deep", "attributes", "long attribute", "comments", "angles", "select", "entities", "html tags"],
)
def test_an_odd_page_within_the_limits_is_read(html: str) -> None:
    started = time.process_time()
    page(html)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("html", ["", "   \n", "<!-- only a comment -->", "<?xml version='1.0'?>", "<!doctype html>"])
def test_a_document_without_elements_is_an_empty_page(html: str) -> None:
    assert page(html).elements == page(html).head == ()


@pytest.mark.parametrize("html", ["plain text", "\x0cplain", "<x-y>", "</p>", "<frameset><frame>", "<svg><title>t"])
def test_any_text_is_a_page(html: str) -> None:
    read_page(html.encode(), url=None, headers=(("content-type", "text/html"),))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_page_or_a_named_failure(body: bytes) -> None:
    try:
        read_page(body, url=None)
    except PageNotMeasured as failure:
        assert failure.code == "not_html"  # noqa: PT017 - only some of the bodies fail


@pytest.mark.parametrize(
    ("html", "tags"),
    [
        ("<html><head><title>t</title><link></head><body><p>", ["html", "head", "title", "link"]),
        ("<title>t</title><link><h1>x", ["html", "head", "title", "link"]),
        # HTML5 moves these back into the head.
        ("<head><title>t</title></head><link><body>", ["html", "head", "title", "link"]),
        # The first element that may not stand in a head ends it.
        ("<head><div></div><title>t</title><link></head><body>", ["html", "head"]),
        ("<head><title>t</title>text<link></head><body>", ["html", "head", "title"]),
        ("<head><img><title>t</title></head><body>", ["html", "head"]),
        ("<head><iframe></iframe><title>t</title></head><body>", ["html", "head"]),
        # What stands in noscript is text to a browser with scripting, and does not end the head.
        ("<head><noscript><img></noscript><title>t</title></head>", ["html", "head", "noscript", "title"]),
        ("<head><noscript><link></noscript><title>t</title></head>", ["html", "head", "noscript", "title"]),
        ("<head><template><link></template><title>t</title></head>", ["html", "head", "template", "title"]),
        (
            "<head><script>'<div>'</script><style>p{}</style><title>t</title></head>",
            ["html", "head", "script", "style", "title"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_head_ends_where_html_ends_it(html: str, tags: list[str]) -> None:
    assert head_tags(html) == tags


def test_what_stands_in_noscript_and_template_is_not_there() -> None:
    tags = [e.tag for e in page("<body><noscript><h1>a</h1></noscript><template><h1>b</h1></template><h1>c").elements]
    assert tags == ["html", "body", "noscript", "template", "h1"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1> a <b>b</b>\n c </h1>", "a b c"),
        ("<h1><img alt=' Logo '></h1>", "Logo"),
        ("<h1><img alt='Logo'> Shop</h1>", "Shop"),
        ("<h1><img></h1>", ""),
        ("<h1><!-- a --></h1>", ""),
        ("<h1><script>x()</script><style>b{}</style><template>c</template><noscript>d</noscript></h1>", ""),
        ("<h1>a<style>b{}</style> c<b><script>d</script>e</b></h1>", "a ce"),
        ("<h1><noscript><img alt='Logo'></noscript></h1>", ""),
        ("<h1><svg><title>Logo</title></svg></h1>", "Logo"),
    ],
)
def test_the_text_of_an_element_is_what_a_reader_reads(html: str, text: str) -> None:
    [h1] = (element for element in page(html).elements if element.tag == "h1")
    assert text_of(h1) == text


def test_a_line_is_the_pages_line_as_far_as_the_parser_counts() -> None:
    assert line_number(page("\n" * 60_000 + "<h1>x</h1>").elements[-1]) == 60_001
    assert line_number(page("\n" * 70_000 + "<h1>x</h1>").elements[-1]) == 65_535


def test_text_is_decoded_by_its_encoding_and_parsed_as_such() -> None:
    for body, content_type in (
        ("<meta charset=shift_jis><h1>日本</h1>".encode("shift_jis"), ""),
        ("\ufeff<h1>日本</h1>".encode("utf-16-le"), ""),
        ("<?xml version='1.0' encoding='latin1'?><h1>日本</h1>".encode(), "text/html; charset=utf-8"),
    ):
        elements = page(body, headers=(("content-type", content_type),)).elements
        assert text_of(elements[-1]) == "日本"
