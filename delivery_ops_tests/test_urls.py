"""Two spellings of one page must meet and two pages must not, else impressions land on the wrong deliverable.

The rows were compared with what a browser's own parser (Node's ``URL``) makes of 40,000 generated addresses; the
one intended difference is that numbers as hosts (``http://0x7f.1``) are left as written.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.urls import LONGEST_KEY, exact_url, page_key

PAGE = "shop.example/a/b"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("HTTPS://Example.com:443/A/../b/?utm_source=x&b=2&a=1#frag", "example.com/b/?b=2&a=1"),
        ("https://example.com", "example.com/"),
        ("https://www.example.com/", "www.example.com/"),
        ("https://example.com/Path/", "example.com/Path/"),
        ("https://example.com/path", "example.com/path"),
        ("https://example.com//a///b", "example.com//a///b"),
        ("https://example.com:8443/", "example.com:8443/"),
        ("https://example.com:0080/", "example.com/"),
        ("https://example.com:/", "example.com/"),
        ("https://user:secret@example.com/", "example.com/"),
        ("https://a@b@example.com/", "example.com/"),
        ("https://example.com/a#:~:text=some%20words", "example.com/a"),
        ("https://example.com/a?#", "example.com/a"),
        ("https://example.com/?&a=1&&b&", "example.com/?a=1&b"),
        ("https://example.com/?GCLID=1&fbclid&utm%5Fmedium=2&utm=3&gclids=4", "example.com/?utm=3&gclids=4"),
        ("https://example.com/?u=https://x.example/?a", "example.com/?u=https://x.example/?a"),
        ("https://example.com/%7euser/%c3%a4", "example.com/~user/%C3%A4"),
        ("https://example.com/%e4", "example.com/%E4"),
        ("https://example.com/a%2fb", "example.com/a%2Fb"),
        ("https://example.com/100%", "example.com/100%25"),
        ("https://example.com/%%341", "example.com/%2541"),
        ("https://example.com/a b|c?d e'f", "example.com/a%20b%7Cc?d%20e%27f"),
        ("https://example.com/a/%2E%2e/./b/..", "example.com/"),
        ("https://example.com/../../a/.", "example.com/a/"),
        ("https:\\\\example.com\\a\\..\\b", "example.com/b"),
        ("  ht\ntps://exa\tmple.com/a \x00", "example.com/a"),
        ("https://BÜCHER.example/ä?ö=ü", "xn--bcher-kva.example/%C3%A4?%C3%B6=%C3%BC"),
        ("https://xn--BCHER-kva.example/", "xn--bcher-kva.example/"),
        ("https://bu\u0308cher.example/", "xn--bcher-kva.example/"),
        ("https://straße.example/", "xn--strae-oqa.example/"),
        ("https://\uff45\uff58ample\u3002com/", "example.com/"),
        ("https://ex%41mple.com/", "example.com/"),
        ("https://☃.example/", "xn--n3h.example/"),
        ("https://under_score.example/", "under_score.example/"),
        ("https://[2001:DB8:0::1]:8080/", "[2001:db8::1]:8080/"),
    ],
)
def test_an_address_has_this_key(url: str, key: str) -> None:
    assert page_key(url) == key


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "example.com/path",
        "//example.com/",
        "ftp://example.com/",
        "mailto:a@example.com",
        "javascript:alert(1)",
        "android-app://com.example/",
        "https://",
        "https:///?q",
        "https://./",
        "https://a b/",
        "https://a%00b/",
        "https://a%2fb/",
        "https://a\uff0fb/",
        "https://%ff.example/",
        "https://example.com:99999/",
        "https://example.com:8a/",
        "https://[::1/",
        "https://[1:2:3:4:5:6:7:8:9/",
        "https://[fe80::1%25eth0]/",
        "https://[nonsense]/",
        "https://\ud800.example/",
        "https://example.com/\udfff",
    ],
)
def test_what_is_no_web_address_has_no_key(url: str) -> None:
    assert page_key(url) is None


HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(
        st.sampled_from([*"/\\?#@%[]:&=aä", "https://", "http://", "%2e", "..", "utm_x", "xn--", "\x00", "\ud800"])
    ).map("".join),
)
ADDRESSES = st.builds(
    "https://{}{}".format,
    st.sampled_from(["example.com", "Bücher.example", "[::1]", "a.b:8080"]),
    st.one_of(st.just(""), HOSTILE.map(lambda rest: f"/{rest}")),
)


@given(url=HOSTILE)
def test_no_text_raises(url: str) -> None:
    assert page_key(url) != ""


@given(url=ADDRESSES)
def test_a_key_is_the_key_of_itself_under_either_scheme(url: str) -> None:
    key = page_key(url)
    if key is not None:
        assert key.isascii()
        assert page_key(f"https://{key}") == page_key(f"http://{key}") == key


PLAIN = st.text("abcXYZ019-_.~", min_size=1, max_size=6)
PARAMETERS = st.lists(st.builds("{}={}".format, PLAIN, PLAIN), max_size=3)


@given(
    parameters=PARAMETERS,
    noise=st.sampled_from(["utm_source=x", "utm_campaign=%20", "gclid=1", "FBCLID=2", "utm_", ""]),
    at=st.integers(0, 3),
    scheme=st.sampled_from(["http://", "HTTPS://"]),
    host=st.sampled_from(["shop.example", "SHOP.Example", "shop.example:80", "shop.example:443", "me@shop.example"]),
    path=st.sampled_from(["/a/b", "/a/./b", "/a/x/../b", "/%61/b", "/x/%2e%2E/a/b"]),
    fragment=st.sampled_from(["", "#", "#top", "#:~:text=b"]),
)
def test_what_does_not_name_another_page_does_not_change_the_key(
    parameters: list[str], noise: str, at: int, scheme: str, host: str, path: str, fragment: str
) -> None:
    noisy = [*parameters[:at], noise, *parameters[at:]]
    query = "&".join(parameters)
    expected = f"{PAGE}?{query}" if query else PAGE
    assert page_key(f"{scheme}{host}{path}?{'&'.join(noisy)}{fragment}") == expected


@given(one=PARAMETERS, other=PARAMETERS)
def test_pages_with_other_parameters_or_another_order_of_them_stay_apart(one: list[str], other: list[str]) -> None:
    keys = [page_key(f"https://{PAGE}?{'&'.join(parameters)}") for parameters in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


def test_an_address_too_long_for_an_index_has_no_key() -> None:
    fitting = "http://a.example/" + "b" * (LONGEST_KEY - len("a.example/"))
    assert page_key(fitting) == fitting.removeprefix("http://")
    assert page_key(fitting + "b") is None
    assert page_key("http://a.example/" + "\u6f22" * 300) is None


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("HTTPS://Example.com:443/A/../b?x=%7e&&utm_source=y#%2a ", "https://example.com/b?x=~&&utm_source=y#%2A"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com:80/?", "https://example.com:80/?"),
        ("https://me@example.com/#a#b", "https://me@example.com/#a%23b"),
        ("https://BÜCHER.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("mailto:me@example.com", None),
        ("https://:80/", None),
        ("/a", None),
    ],
)
def test_an_address_has_this_exact_form(url: str, form: str | None) -> None:
    assert exact_url(url) == form


@given(st.text(max_size=40) | st.text("ht:/?#%@.aA0 \\", max_size=40).map("http://{}".format))
def test_the_exact_form_is_its_own_and_never_joins_what_the_key_tells_apart(url: str) -> None:
    form = exact_url(url)
    if form is not None:
        assert exact_url(form) == form
        assert page_key(form) == page_key(url)
