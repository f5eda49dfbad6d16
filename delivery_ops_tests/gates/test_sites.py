"""At stake: a page judged that belongs to nobody's site, or a network opened to a host that was not allowed it."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from delivery_ops.deliverables.pages import PublishedPage
from delivery_ops.gates.sites import by_site, host_of, networks_by_host
from delivery_ops.settings import Site

TEN, LOOPBACK = ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8")
SITES = [
    Site(url="http://a.example/", client="a", allow_networks=(TEN,)),
    Site(url="https://A.example:8443/", client="a", allow_networks=(LOOPBACK,)),
    Site(url="https://bücher.example/", client="b"),
]


def page(url: str) -> PublishedPage:
    at = datetime(2026, 3, 30, tzinfo=UTC)
    return PublishedPage(deliverable_id="d", client_id="a", url=url, page_key=url, published_at=at, changed_at=at)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("HTTPS://WWW.Acme.example:8443/a?b", "www.acme.example"),
        ("http://me@acme.example/", "acme.example"),
        ("http://a.example@b.example/", "b.example"),
        ("http://[::1]:8080/", "::1"),
        ("http://127.0.0.1:8080/", "127.0.0.1"),
        ("http://:80/", None),
        ("ftp://acme.example/", None),
    ],
)
def test_an_address_has_this_host(url: str, host: str | None) -> None:
    assert host_of(url) == host


def test_networks_are_those_of_the_sites_at_a_host() -> None:
    assert networks_by_host(SITES) == {"a.example": (TEN, LOOPBACK), "xn--bcher-kva.example": ()}


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        ("http://a.example/x", None),
        ("https://a.example/x", None),
        ("http://A.EXAMPLE:81/x", None),
        ("https://xn--bcher-kva.example/", None),
        ("http://a.example.evil/x", "a.example.evil"),
        ("http://www.a.example/x", "www.a.example"),
        ("http://evil.example/http://a.example/", "evil.example"),
        ("http://a.example@evil.example/", "evil.example"),
    ],
)
def test_a_page_belongs_to_the_site_at_its_host(url: str, elsewhere: str | None) -> None:
    one = page(url)
    assert by_site([one], SITES) == (([], {elsewhere: [one]}) if elsewhere else ([one], {}))
