"""At stake: two readings of one URL, of which the guard checks one and the socket uses the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.gates.failures import PageNotMeasured
from delivery_ops.gates.targets import parse_target

REFUSED = [
    "",
    "example.com",
    "//example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "http://",
    "http:///path",
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://evil.example@127.0.0.1/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com/a b",
    "http://example.com/\t",
    "http://exa\nmple.com/",
    "http://example.com\x00.evil.example/",
    "http://exam ple.com/",
    "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.000.000.001/",
    "http://0/",
    "http://example.0x7f/",
    "http://1.2.3.4.5/",
    "http://256.1.1.1/",
    "http://[::1/",
    "http://::1/",
    "http://[fe80::1%25eth0]/",
    "http://[::1]x/",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:99999999/",
    "http://example.com:/",
    "http://example.com:80:80/",
    "http://example.com:\uff18\uff10/",
    "http://.example.com/",
    "http://example..com/",
    "http://-example.com/",
    "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 127 + "example/",
    "http://xn--a.example\u202e/",
    "http://%31%32%37.0.0.1/",
    "http://example.com/" + "a" * 8_000,
]


@pytest.mark.parametrize("url", REFUSED, ids=ascii)
def test_a_url_that_could_be_read_two_ways_is_refused(url: str) -> None:
    with pytest.raises(PageNotMeasured) as refused:
        parse_target(url)
    assert refused.value.code == "refused"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://example.com", ("http", "example.com", 80, "/")),
        ("HTTPS://Example.COM:8443/A?b=c#d", ("https", "example.com", 8443, "/A?b=c")),
        ("http://example.com.:80/", ("http", "example.com", 80, "/")),
        ("http://example.com?q=1", ("http", "example.com", 80, "/?q=1")),
        ("http://example.com/a%2Fb%20c", ("http", "example.com", 80, "/a%2Fb%20c")),
        ("http://example.com/ü?ö", ("http", "example.com", 80, "/%C3%BC?%C3%B6")),
        ("http://bücher.example/", ("http", "xn--bcher-kva.example", 80, "/")),
        ("http://BÜCHER.example/", ("http", "xn--bcher-kva.example", 80, "/")),
        ("http://my_site.example/", ("http", "my_site.example", 80, "/")),
        ("http://127.0.0.1:2368/x", ("http", "127.0.0.1", 2368, "/x")),
        ("http://[2606:4700::0001]/", ("http", "2606:4700::1", 80, "/")),
        ("http://example.com/@x:y", ("http", "example.com", 80, "/@x:y")),
        # Digits of other scripts are mapped first and judged as the address they are.
        ("http://①②⑦.⓪.⓪.①/", ("http", "127.0.0.1", 80, "/")),
        ("http://127。0。0。1/", ("http", "127.0.0.1", 80, "/")),
    ],
    ids=ascii,
)
def test_a_url_is_read_into_the_parts_that_are_sent(url: str, parts: tuple[str, str, int, str]) -> None:
    target = parse_target(url)
    assert (target.scheme, target.host, target.port, target.path) == parts


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "https://example.com/b"),
        ("b?x=1#y", "https://example.com/a/b?x=1"),
        ("//other.example/", "https://other.example/"),
        ("http://other.example", "http://other.example/"),
        ("?q", "https://example.com/a/?q"),
    ],
)
def test_a_location_is_read_from_where_it_was_found(location: str, url: str) -> None:
    assert parse_target("https://example.com/a/").redirected(location).url == url


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://[", "\\\\evil.example", "http://u@x.example/", "data:,x"]
)
def test_a_location_that_leads_out_of_the_web_is_refused(location: str) -> None:
    with pytest.raises(PageNotMeasured):
        parse_target("https://example.com/").redirected(location)


@given(
    st.text() | st.text().map(lambda text: f"http://{text}") | st.text().map(lambda text: f"https://a.example/{text}")
)
def test_any_text_is_a_target_or_refused_and_a_targets_url_is_that_target(text: str) -> None:
    try:
        target = parse_target(text)
    except PageNotMeasured:
        return
    assert target.url.isascii()
    assert parse_target(target.url) == target
