"""A WordPress that keeps a state, on loopback: its REST API as the client asks it, and the plugin's deliveries.

Belongs here: what WordPress does to a page's status, slug and times at each save. Does not belong here: what any of it
means. It is no proof of WordPress: ``system/test_wordpress.py`` holds it to the real one, deed by deed; it is here
because random histories need thousands of saves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.simulator.loopback import Answer, Request, listening

USER, PASSWORD = "editor", "abcd efgh ijkl mnop"
AUTHORIZATION = "Basic ZWRpdG9yOmFiY2QgZWZnaCBpamtsIG1ub3A="
ZONE = ZoneInfo("Europe/Berlin")
ROOT = "http://www.agency.example/"
FLOATING = {"draft", "pending", "auto-draft"}
KINDS = {"page": "pages", "post": "posts"}
SOON = timedelta(seconds=59)  # what is due sooner goes live at once
ZERO = "0000-00-00 00:00:00"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of wp_posts. ``is_dated``: its date is its own, not that of its last save."""

    id: int
    type: str
    status: str
    slug: str
    date: datetime
    modified: datetime
    is_dated: bool
    was_saved_again: bool = False
    tags: tuple[str, ...] = ()
    field: str = ""
    slug_before_trash: str = ""

    @property
    def is_live(self) -> bool:
        return self.status == "publish"

    @property
    def wanted_slug(self) -> str:
        return self.slug_before_trash or self.slug

    def state(self) -> dict[str, Any]:
        """As the plugin sends it."""
        return {
            "id": self.id,
            "type": self.type,
            "status": self.status,
            "date_gmt": _text(self.date, " ") if self.is_dated else ZERO,
            "modified_gmt": _text(self.modified, " ") if self.is_dated or self.was_saved_again else ZERO,
            "link": f"{ROOT}{self.wanted_slug}/",
            "slug": self.wanted_slug,
            "tags": list(self.tags),
            "field": self.field,
        }

    def row(self, tag_ids: dict[str, int]) -> dict[str, Any]:
        """As the REST API lists it to an editor."""
        name = {"page": "%pagename%/", "post": f"?p={self.id}" if self.status == "trash" else "%postname%/"}[self.type]
        return {
            "id": self.id,
            "type": self.type,
            "status": self.status,
            "date_gmt": _text(self.date, "T"),
            "modified_gmt": _text(self.modified, "T"),
            "link": f"{ROOT}{self.slug}/" if self.is_live else f"{ROOT}?p={self.id}",
            "slug": self.slug,
            "permalink_template": f"{ROOT}{name}",
            **({"tags": [tag_ids[tag] for tag in self.tags]} if self.type == "post" else {}),
            "meta": {"deliverable": self.field},
        }


@dataclass
class WordPress:
    """``at`` is its clock. ``sent`` is what the plugin sent. ``is_slow``: a save takes so long that the second of its
    two looks at the clock finds the next second."""

    at: datetime
    is_slow: bool = False
    entries: dict[int, Entry] = field(default_factory=dict)
    sent: list[Delivery] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    made: int = 0
    tag_ids: dict[str, int] = field(default_factory=dict)

    @property
    def second(self) -> datetime:
        return self.at.replace(microsecond=0)

    def add(self, kind: str, slug: str, *, status: str, date: datetime | None = None, **fields: Any) -> int:
        """A new page or post's id."""
        self.made += 1
        is_dated = date is not None or status not in FLOATING
        date = date or self.second
        entry = Entry(id=self.made, type=kind, status=status, slug=slug, date=date, modified=date, is_dated=is_dated)
        self._put(None, self._due(replace(entry, **_allowed(entry, fields))))
        return self.made

    def save(self, entry_id: int, **fields: Any) -> None:
        """Save it again with these fields changed."""
        before = self.entries[entry_id]
        entry = replace(before, **_allowed(before, fields), modified=self.second, was_saved_again=True)
        if before.status in FLOATING and not before.is_dated and "date" not in fields:
            entry = replace(entry, date=self.second, is_dated=entry.status not in FLOATING)
            if self.is_slow:
                entry = replace(entry, modified=self.second + timedelta(seconds=1))
        if entry.status == "trash" != before.status:
            entry = replace(entry, slug=f"{entry.slug}__trashed", slug_before_trash=entry.slug)
        if before.status == "trash" != entry.status:
            entry = replace(entry, slug=fields.get("slug", before.slug_before_trash), slug_before_trash="")
        self._put(before, self._due(entry))

    def trash(self, entry_id: int) -> None:
        self.save(entry_id, status="trash")

    def delete(self, entry_id: int) -> None:
        self._tell("page.deleted", self.entries.pop(entry_id), None)

    def run_cron(self) -> None:
        """Publish what is due; the modified time stays."""
        for entry in list(self.entries.values()):
            if entry.status == "future" and entry.date <= self.at:
                self._put(entry, replace(entry, status="publish"))

    def _due(self, entry: Entry) -> Entry:
        if entry.status in {"publish", "future"}:
            return replace(entry, status="future" if entry.date - self.second > SOON else "publish")
        return entry

    def _put(self, before: Entry | None, after: Entry) -> None:
        self.entries[after.id] = after
        for tag in after.tags:
            self.tag_ids.setdefault(tag, len(self.tag_ids) + 1)
        self._tell("page.saved", before, after)

    def _tell(self, kind: str, before: Entry | None, after: Entry | None) -> None:
        if not any(one is not None and one.is_live for one in (before, after)):
            return
        data = {"before": before and before.state(), "after": after and after.state()}
        body = json.dumps({"type": kind, "timestamp": self.at.isoformat(), "data": data}).encode()
        self.sent.append(Delivery(headers=[], body=body, received_at=self.at))

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Answer on loopback; gives the root."""
        with listening(lambda request: self.respond(request)) as (ip, port):
            yield f"http://{ip}:{port}/"

    def respond(self, request: Request) -> Answer | None:
        self.requests.append(request)
        path, asked = urlsplit(request.target).path, _query(request)
        if request.headers.get("authorization") != AUTHORIZATION:
            return self._says({"code": "rest_not_logged_in", "message": "You are not currently logged in."}, 401)
        what = path.removeprefix("/wp-json/wp/v2/")
        if what == "users/me":
            return self._says({"capabilities": {"edit_others_pages": True, "edit_others_posts": True}})
        if what == "tags":
            ids = {int(one) for one in asked["include"].split(",")}
            return self._says([{"id": i, "name": name} for name, i in self.tag_ids.items() if i in ids])
        resource, _, entry_id = what.partition("/")
        kind = {resource: kind for kind, resource in KINDS.items()}[resource]
        if entry_id:
            entry = self.entries.get(int(entry_id))
            missing = {"code": "rest_post_invalid_id", "message": "Invalid post ID."}
            return self._says({"id": entry.id}) if entry and entry.type == kind else self._says(missing, 404)
        found = [one for one in self.entries.values() if one.type == kind and self._is_asked_for(one, asked)]
        rows = [one.row(self.tag_ids) for one in sorted(found, key=lambda one: one.id)]
        wanted = {name.partition(".")[0] for name in asked["_fields"].split(",")}
        return self._page([{name: row[name] for name in row.keys() & wanted} for row in rows], asked)

    def _is_asked_for(self, entry: Entry, asked: dict[str, str]) -> bool:
        assert (asked["status"], asked["context"], asked["orderby"], asked["order"]) == (
            "any,trash",
            "edit",
            "id",
            "asc",
        )
        if "include" in asked:
            return str(entry.id) in asked["include"].split(",")
        after = asked.get("modified_after")
        return after is None or _local(entry.modified) > _local(datetime.fromisoformat(after))

    def _page(self, rows: list[dict[str, Any]], asked: dict[str, str]) -> Answer:
        size, page = int(asked["per_page"]), int(asked["page"])
        pages = -(-len(rows) // size)
        if page > max(pages, 1):
            refusal = {"code": "rest_post_invalid_page_number", "message": "The page number requested is larger."}
            return self._says(refusal, 400)
        counts = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        return self._says(rows[(page - 1) * size : page * size], **counts)

    def _says(self, value: Any, status: int = 200, **headers: str) -> Answer:
        sent = {"Date": format_datetime(self.second, usegmt=True), **headers}
        body = json.dumps(value).encode()
        return Answer(status=status, body=body, content_type="application/json; charset=UTF-8", headers=sent)


def _allowed(entry: Entry, fields: dict[str, Any]) -> dict[str, Any]:
    """What WordPress keeps of what it is given: only posts have tags."""
    return {**fields, "tags": ()} if entry.type == "page" and "tags" in fields else fields


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def _text(at: datetime, separator: str) -> str:
    return at.replace(tzinfo=None).isoformat(separator)


def _local(at: datetime) -> datetime:
    """What the site's wall clock shows; that is what it compares."""
    return at.astimezone(ZONE).replace(tzinfo=None)
