"""Structured data that is right, to be changed in one thing each."""

import json
from typing import Any

URL = "https://www.client.example/boots/"
ARTICLE = {
    "@context": "https://schema.org",
    "@type": "Article",
    "headline": "Spring",
    "author": {"@type": "Person", "name": "Ada"},
}
PRODUCT = {
    "@context": "https://schema.org",
    "@type": "Product",
    "name": "Boot",
    "offers": {"@type": "Offer", "price": "49.90", "priceCurrency": "EUR"},
}


def trail(*items: dict[str, Any]) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": list(items)}


def step(position: Any = 1, **more: Any) -> dict[str, Any]:
    return {"@type": "ListItem", "position": position, "name": "Shop", "item": "https://a.example/"} | more


def without(thing: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in names}


def script(block: object, kind: str = "application/ld+json") -> str:
    text = block if isinstance(block, str) else json.dumps(block)
    return f'<script type="{kind}">{text}</script>'
