"""What a client's page says: one ``Page`` per deliverable, its HTML, and the defects that can be planted in it.

Belongs here: content, structured data and tags of a right page, and one function per way of being wrong. Does not
belong here: HTTP (``website``), and the judgement of any of it; the gates know nothing of this module.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template

from delivery_ops.simulator.business_time import BERLIN
from delivery_ops.simulator.records import Client, Deliverable

_COLOURS = {"halden": "#22577a", "mirava": "#5b3a8c", "pellworm": "#7a4419"}
_OG_TYPES = {"article": "article", "product_page": "product"}
_DESCRIPTIONS = {
    "landing_page": "{title}: see what {brand} offers, how it works and what it costs, and start in a few minutes.",
    "article": "{title}: what matters, what you can skip, and a short checklist by the people at {brand}.",
    "product_page": "{title} by {brand}: specifications, care and delivery at a glance, with reviews by our customers.",
    "category_page": "{title} at {brand}: compare the whole range by use, size and price, and find the one that fits.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything that ends up in the HTML, and the response headers that belong to it."""

    brand: str
    colour: str
    lang: str
    title: str
    description: str
    canonical: str
    og_type: str
    image: str
    json_ld: tuple[str, ...]
    trail: tuple[tuple[str, str], ...]
    headings: tuple[str, ...]
    price: str
    sections: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...] = ()


def page_of(client: Client, deliverable: Deliverable) -> Page:
    """The right page of a published deliverable."""
    url, published = deliverable.url, deliverable.published_at
    if url is None or published is None:
        msg = f"{deliverable.deliverable_id} is not published"
        raise ValueError(msg)
    brand, title = client.name, deliverable.title
    description = _DESCRIPTIONS[deliverable.type].format(title=title, brand=brand)
    image = f"{client.site}images/{deliverable.deliverable_id}.svg"
    price = 19 + sum(deliverable.deliverable_id.encode()) % 380
    main: dict[str, dict[str, Any]] = {
        "article": _article(client, title, description, image, published),
        "product_page": _product(client, title, description, image, price, url),
    }
    trail = ((brand, client.site), (title, url))
    return Page(
        brand=brand,
        colour=_COLOURS[client.client_id],
        lang="en",
        title=f"{title} | {brand}",
        description=description,
        canonical=url,
        og_type=_OG_TYPES.get(deliverable.type, "website"),
        image=image,
        json_ld=(_json_ld(main.get(deliverable.type) or _organization(client)), _json_ld(_breadcrumb(trail))),
        trail=trail,
        headings=(title,),
        price=f"{price}.00 {client.currency}" if deliverable.type == "product_page" else "",
        sections=_sections(title, brand),
        links=(("Home", client.site),),
    )


def home_page(client: Client, published: tuple[Deliverable, ...]) -> Page:
    """The client's own start page, which nobody delivered: it links to everything published."""
    title = f"{client.name}: welcome"
    return Page(
        brand=client.name,
        colour=_COLOURS[client.client_id],
        lang="en",
        title=title,
        description=f"Welcome to {client.name}. Everything we have published lately, on one page, for you to browse.",
        canonical=client.site,
        og_type="website",
        image=f"{client.site}images/home.svg",
        json_ld=(_json_ld(_organization(client)),),
        trail=(),
        headings=(client.name,),
        price="",
        sections=(),
        links=tuple((d.title, d.url) for d in published if d.url),
    )


def render(page: Page) -> bytes:
    """The page as UTF-8 HTML."""
    return _template().render(page=page).encode()


@cache
def _template() -> Template:
    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=True).get_template("page.html")


def _json_ld(node: dict[str, Any]) -> str:
    return json.dumps({"@context": "https://schema.org", **node}, indent=1, ensure_ascii=False)


def _organization(client: Client) -> dict[str, Any]:
    return {
        "@type": "Organization",
        "name": client.name,
        "url": client.site,
        "logo": f"{client.site}images/logo.svg",
        "sameAs": [f"https://social.example/{client.client_id}"],
        "address": {
            "@type": "PostalAddress",
            "streetAddress": "Musterweg 1",
            "addressLocality": "Berlin",
            "postalCode": "10115",
            "addressCountry": "DE",
        },
        "contactPoint": {"@type": "ContactPoint", "contactType": "customer service", "email": f"hello@{client.host}"},
    }


def _article(client: Client, title: str, description: str, image: str, published: datetime) -> dict[str, Any]:
    when = published.astimezone(BERLIN).isoformat(timespec="seconds")
    return {
        "@type": "Article",
        "headline": title,
        "description": description,
        "image": [image],
        "datePublished": when,
        "dateModified": when,
        "author": {"@type": "Person", "name": "Jo Sander", "url": client.site},
        "publisher": {"@type": "Organization", "name": client.name, "url": client.site},
    }


def _product(client: Client, title: str, description: str, image: str, price: int, url: str) -> dict[str, Any]:
    return {
        "@type": "Product",
        "name": title,
        "description": description,
        "image": [image],
        "brand": {"@type": "Brand", "name": client.name},
        "aggregateRating": {"@type": "AggregateRating", "ratingValue": 4.6, "reviewCount": 31},
        "review": {
            "@type": "Review",
            "author": {"@type": "Person", "name": "Kim Aaker"},
            "reviewRating": {"@type": "Rating", "ratingValue": 5, "bestRating": 5},
        },
        "offers": {
            "@type": "Offer",
            "url": url,
            "price": f"{price}.00",
            "priceCurrency": client.currency,
            "priceValidUntil": "2031-12-31",
            "availability": "https://schema.org/InStock",
        },
    }


def _breadcrumb(trail: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": at, "name": name, "item": url} for at, (name, url) in enumerate(trail, 1)
        ],
    }


def _sections(title: str, brand: str) -> tuple[tuple[str, str], ...]:
    return (
        (
            "In short",
            f"This page is about one thing: {title}. It says what you get, who it is for and what to look out for. "
            f"If you only have a minute, read this part and the last one.",
        ),
        (
            "What to look out for",
            "Start from how you will use it most days, not from the one day a year that looks good in a picture. "
            "Compare two or three options side by side, and write down what you would miss if it were not there.",
        ),
        (
            "The next step",
            f"Talk to {brand} when you are ready. We answer within one working day, and we say so when something "
            f"else would suit you better.",
        ),
    )


def _broken_json(page: Page) -> Page:
    """A trailing comma, as hand-edited templates have them."""
    return replace(page, json_ld=(page.json_ld[0].removesuffix("\n}") + ",\n}", *page.json_ld[1:]))


def _without_offer(page: Page) -> Page:
    product = json.loads(page.json_ld[0])
    kept = {key: value for key, value in product.items() if key not in {"offers", "review", "aggregateRating"}}
    return replace(page, json_ld=(json.dumps(kept, indent=1, ensure_ascii=False), *page.json_ld[1:]))


DEFECTS: dict[str, Callable[[Page], Page]] = {
    "no_json_ld": lambda page: replace(page, json_ld=()),
    "broken_json": _broken_json,
    "unknown_type": lambda page: replace(
        page, json_ld=(page.json_ld[0].replace('"Article"', '"Artcile"'), *page.json_ld[1:])
    ),
    "product_without_offer": _without_offer,
    "no_description": lambda page: replace(page, description=""),
    "two_headings": lambda page: replace(page, headings=(*page.headings, "Sign up now")),
    "foreign_canonical": lambda page: replace(page, canonical=f"{page.canonical}all/"),
    "noindex_header": lambda page: replace(page, headers=(("X-Robots-Tag", "noindex"),)),
}
