"""The clients' websites: every address they know, told apart by the Host header.

Belongs here: which address answers what: pages, pictures, robots.txt, sitemaps. Does not belong here: the content
of a page (``pages``) and sockets (``loopback``).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from delivery_ops.simulator import planted
from delivery_ops.simulator.loopback import Answer, Request, Respond
from delivery_ops.simulator.pages import DEFECTS, Page, home_page, page_of, render
from delivery_ops.simulator.records import Agency, Client, Deliverable

_DEFECT_OF = planted.SCHEMA_DEFECTS | planted.SEO_DEFECTS
_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630"><rect width="1200" height="630" fill="{colour}"/>'
    '<path d="M0 520 300 300 520 460 820 180 1200 500V630H0Z" fill="#fff" opacity=".35"/></svg>'
)
_NOT_FOUND = Answer(status=404, body=b"<!doctype html><title>Not found</title><h1>Not found</h1>")

Address = tuple[str, str]


def respond(agency: Agency) -> Respond:
    """The function that answers for all hosts. ``planted.UNREACHABLE`` gets no answer at all."""
    known = addresses(agency)
    silent = {_address(d.url) for d in agency.deliverables if d.url and d.deliverable_id == planted.UNREACHABLE}

    def answer(request: Request) -> Answer | None:
        address = (request.host, unquote(urlsplit(request.target).path))
        if address in silent:
            return None
        if request.method not in {"GET", "HEAD"}:
            return Answer(status=405, headers={"Allow": "GET, HEAD"})
        return known.get(address, _NOT_FOUND)

    return answer


def addresses(agency: Agency) -> dict[Address, Answer]:
    """Every (host, decoded path) that answers, and with what."""
    known: dict[Address, Answer] = {}
    for client in agency.clients:
        theirs = (d for d in agency.deliverables if d.client_id == client.client_id)
        published = tuple(d for d in theirs if d.url and d.deliverable_id != planted.UNPUBLISHED)
        pages = {client.site: home_page(client, published)}
        pages |= {d.url: _page(client, d) for d in published if d.url and d.deliverable_id != planted.UNREACHABLE}
        for url, page in pages.items():
            known[_address(url)] = Answer(body=render(page), headers=dict(page.headers))
            known[_address(page.image)] = _picture(page)
        known |= {(client.host, path): answer for path, answer in _for_robots(client, published).items()}
    return known


def _page(client: Client, deliverable: Deliverable) -> Page:
    page = page_of(client, deliverable)
    defect = _DEFECT_OF.get(deliverable.deliverable_id)
    return DEFECTS[defect](page) if defect else page


def _picture(page: Page) -> Answer:
    return Answer(body=_PICTURE.format(colour=page.colour).encode(), content_type="image/svg+xml")


def _for_robots(client: Client, published: Sequence[Deliverable]) -> dict[str, Answer]:
    """robots.txt and the sitemap; the gold client's is an index of two."""
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {client.site}sitemap.xml\n"
    files = {"/robots.txt": Answer(body=robots.encode(), content_type="text/plain; charset=utf-8")}
    if client.tier != "gold":
        return files | {"/sitemap.xml": _urlset(published)}
    guides = [d for d in published if d.type == "article"]
    others = [d for d in published if d.type != "article"]
    parts = {"/sitemap-guides.xml": _urlset(guides), "/sitemap-pages.xml": _urlset(others)}
    index = "".join(f"<sitemap><loc>{client.site}{path[1:]}</loc></sitemap>" for path in parts)
    return files | parts | {"/sitemap.xml": _xml(f'<sitemapindex xmlns="{_XMLNS}">{index}</sitemapindex>')}


def _urlset(listed: Sequence[Deliverable]) -> Answer:
    urls = "".join(
        f"<url><loc>{escape(d.url)}</loc><lastmod>{d.published_at.isoformat()}</lastmod></url>"
        for d in listed
        if d.url and d.published_at
    )
    return _xml(f'<urlset xmlns="{_XMLNS}">{urls}</urlset>')


def _xml(text: str) -> Answer:
    return Answer(body=f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode(), content_type="application/xml")


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return (parts.netloc, unquote(parts.path))
