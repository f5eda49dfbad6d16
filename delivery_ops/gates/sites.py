"""Which configured site a page belongs to: the one at its host, whatever the scheme, the port or the path.

Belongs here: the host of an address, and the published pages by whether their host is a site's. Does not belong here:
reaching a host (``fetch``). Only pages of configured sites are judged by themselves: an event's URL alone must not
decide where the fetcher goes every day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from delivery_ops.deliverables.pages import PublishedPage
from delivery_ops.gates.addresses import Network
from delivery_ops.settings import Site
from delivery_ops.urls import page_key


def host_of(url: str) -> str | None:
    """The host that ``url`` names, in lower-case ASCII, an IPv6 address without brackets; None where it names none.

    >>> host_of("https://WWW.Bücher.example:8443/a")
    'www.xn--bcher-kva.example'
    """
    key = page_key(url)
    return urlsplit(f"//{key}").hostname if key else None


def networks_by_host(sites: Iterable[Site]) -> dict[str, tuple[Network, ...]]:
    """What ``sites`` allow besides the public internet, by their hosts; two sites at one host share it."""
    networks: defaultdict[str, tuple[Network, ...]] = defaultdict(tuple)
    for site in sites:
        if host := host_of(site.url):
            networks[host] += site.allow_networks
    return dict(networks)


def by_site(
    pages: Iterable[PublishedPage], sites: Iterable[Site]
) -> tuple[list[PublishedPage], Mapping[str, list[PublishedPage]]]:
    """``pages`` of configured sites in their order, and the others by their host."""
    hosts = {host_of(site.url) for site in sites}
    configured: list[PublishedPage] = []
    elsewhere: defaultdict[str, list[PublishedPage]] = defaultdict(list)
    for page in pages:
        host = host_of(page.url) or page.url
        if host in hosts:
            configured.append(page)
        else:
            elsewhere[host].append(page)
    return configured, elsewhere
