"""A page as WordPress writes it, to be changed where a test needs another."""

from __future__ import annotations

from typing import Any

NEVER = "0000-00-00 00:00:00"


def page(**changes: Any) -> dict[str, Any]:
    """As the plugin of a real WordPress 6.1 sent it."""
    return {
        "id": 8,
        "type": "post",
        "status": "publish",
        "date_gmt": "2026-11-24 12:55:44",
        "modified_gmt": "2026-11-24 12:59:00",
        "link": "http://www.agency.example/dlv-7-uber-uns/",
        "slug": "dlv-7-uber-uns",
        "tags": ["dlv-7 &amp; co", "other"],
        "field": "dlv-7",
    } | changes
