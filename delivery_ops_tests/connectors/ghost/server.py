"""A Ghost with a state, on loopback: what an editor does, the webhooks that follow, and the Admin API.

Belongs here: how Ghost behaves (which events a save fires, what the API takes and refuses). Does not belong here: how
it writes things down (``documents``). Its clock stands still until it is moved. Whatever a caller asks that the real
one is not known to answer is a 400, so that no test passes on this one's leniency.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.simulator.loopback import Answer, Request, listening
from delivery_ops_tests.connectors.ghost.documents import Entry, Revision, admin, changes, current, deleted

SECRET = "ghost-secret-1"
KEY_ID, KEY_SECRET = "6b043d7711b8ba77b2e60300", "ab" * 32
KEY = f"{KEY_ID}:{KEY_SECRET}"
_EVENTS = ("published", "published.edited", "unpublished", "deleted")
REGISTERED = frozenset(
    {"post.added", "site.changed"} | {f"{kind}.{name}" for kind in ("post", "page") for name in _EVENTS}
)
_ORDERS = {None: "id", "updated_at asc,id asc": "updated_at"}
_RESOURCES = {"posts": "post", "pages": "page"}
_SECOND = r"'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'"
_ID = r"'([0-9a-f]{24})'"
_FILTERS = {
    rf"updated_at:>={_SECOND}": lambda one, since: _text(one) >= since,
    rf"updated_at:>{_SECOND},\(updated_at:{_SECOND}\+id:>{_ID}\)": lambda one, over, at, behind: (
        _text(one) > over or (_text(one) == at and one.id > behind)
    ),
}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A webhook that was sent, with the event it was registered for, which it does not say itself."""

    event: str
    delivery: Delivery


class Ghost:
    """One installation. ``registered`` is for which events it has a webhook; None: all there are."""

    def __init__(self, at: datetime, *, root: str = "http://www.agency.example/", registered=REGISTERED) -> None:
        self.at = at
        self.root = root
        self.registered = registered
        self.entries: dict[str, Entry] = {}
        self.sent: list[Sent] = []
        self.requests: list[Request] = []
        self._numbers = itertools.count(1)

    def add(self, kind: str, slug: str, **fields: Any) -> str:
        """An editor saves something new; gives its id."""
        entry = Entry(
            kind=kind,
            id=self._id(),
            slug=slug,
            title=fields.get("title", slug),
            html=fields.get("html", "<p>Text.</p>"),
            status=fields.get("status", "draft"),
            tags=tuple(fields.get("tags", ())),
            custom_excerpt=fields.get("custom_excerpt"),
            created_at=self._second,
            updated_at=self._second,
            published_at=fields.get("published_at"),
        )
        entry = self._stored(entry, reason="initial_revision")
        events = ["added", *([entry.status] if entry.status in {"published", "scheduled"} else [])]
        self._fire(entry, events, {"current": current(entry, self.root, just_added=True), "previous": {}})
        return entry.id

    def save(self, object_id: str, **fields: Any) -> None:
        """An editor saves it again with these fields changed."""
        before = self.entries[object_id]
        after = replace(before, updated_at=self._second, **fields)
        reason = "unpublished" if before.is_live and not after.is_live else "published" if after.is_live else "edited"
        after = self._stored(after, reason=reason)
        body = {"current": current(after, self.root, just_added=False), "previous": changes(before, after)}
        self._fire(after, _events(before, after), body, shows=before.is_live or after.is_live)

    def delete(self, object_id: str) -> None:
        """An editor deletes it for good."""
        gone = self.entries.pop(object_id)
        events = ["unpublished", "deleted"] if gone.is_live else ["deleted"]
        self._fire(gone, events, {"current": {}, "previous": deleted(gone, self.root)}, shows=True)

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The root of its Admin API, for as long as the context lasts; whoever replaces ``respond`` disturbs it."""
        with listening(lambda request: self.respond(request)) as (ip, port):
            yield f"http://{ip}:{port}"

    def respond(self, request: Request) -> Answer:
        self.requests.append(request)
        answer = self._refused(request) or self._answered(request)
        return replace(answer, headers={"Date": format_datetime(self.at, usegmt=True), **answer.headers})

    @property
    def _second(self) -> datetime:
        return self.at.replace(microsecond=0)

    def _id(self) -> str:
        return f"{int(self.at.timestamp()):08x}{next(self._numbers):016x}"

    def _stored(self, entry: Entry, *, reason: str) -> Entry:
        published_at = entry.published_at or (self._second if entry.is_live else None)
        saved = Revision(id=self._id(), at=self.at, title=entry.title, status=entry.status, reason=reason)
        entry = replace(entry, published_at=published_at, revisions=(*entry.revisions, saved))
        self.entries[entry.id] = entry
        return entry

    def _fire(self, entry: Entry, events: list[str], body: dict[str, Any], *, shows: bool | None = None) -> None:
        for event in events:
            self._send(f"{entry.kind}.{event}", {entry.kind: body})
        if entry.is_live if shows is None else shows:
            self._send("site.changed", {})

    def _send(self, event: str, body: dict[str, Any]) -> None:
        if self.registered is not None and event not in self.registered:
            return
        data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        milliseconds = int(self.at.timestamp() * 1000)
        digest = hmac.new(SECRET.encode(), data + str(milliseconds).encode(), hashlib.sha256).hexdigest()
        headers = {
            "user-agent": "Ghost/5.130 (https://github.com/TryGhost/Ghost)",
            "content-length": str(len(data)),
            "content-type": "application/json",
            "content-version": "v5.130",
            "x-ghost-signature": f"sha256={digest}, t={milliseconds}",
        }
        delivery = Delivery(headers=list(headers.items()), body=data, received_at=self.at)
        self.sent.append(Sent(event=event, delivery=delivery))

    def _answered(self, request: Request) -> Answer:
        parts = urlsplit(request.target)
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        found = re.fullmatch(r"/ghost/api/admin/(posts|pages)/(?:([0-9a-f]{24})/)?", parts.path)
        if (
            request.method != "GET"
            or not found
            or asked.keys() - {"filter", "order", "page", "limit", "fields", "include"}
        ):
            return _error(400, "BadRequestError", "not known to this Ghost")
        resource, object_id = found.groups()
        entries = [one for one in self.entries.values() if one.kind == _RESOURCES[resource]]
        if object_id:
            entries = [one for one in entries if one.id == object_id]
            if not entries:
                return _error(404, "NotFoundError", f"Resource not found error, cannot read {_RESOURCES[resource]}.")
            return _json({resource: [self._document(one, asked) for one in entries]})
        return self._listed(resource, entries, asked)

    def _listed(self, resource: str, entries: list[Entry], asked: dict[str, str]) -> Answer:
        if text := asked.get("filter"):
            fits = [(test, found.groups()) for form, test in _FILTERS.items() if (found := re.fullmatch(form, text))]
            if not fits:
                return _error(400, "BadRequestError", f"Error parsing filter {text}")
            entries = [one for one in entries for test, values in fits if test(one, *values)]
        if asked.get("order") not in _ORDERS:
            return _error(400, "BadRequestError", "order is not known to this Ghost")
        by = _ORDERS[asked.get("order")]
        entries = sorted(entries, key=lambda one: (getattr(one, by), one.id))
        page, limit = int(asked.get("page", 1)), min(int(asked.get("limit", 15)), 100)
        pages = max(-(-len(entries) // limit), 1)
        pagination = {
            "page": page,
            "limit": limit,
            "pages": pages,
            "total": len(entries),
            "next": page + 1 if page < pages else None,
            "prev": page - 1 if page > 1 else None,
        }
        shown = entries[(page - 1) * limit : page * limit]
        listed = [self._document(one, asked) for one in shown]
        return _json({resource: listed, "meta": {"pagination": pagination}})

    def _document(self, entry: Entry, asked: dict[str, str]) -> dict[str, Any]:
        document = admin(entry, self.root)
        if asked.get("include") != "tags":
            del document["tags"], document["primary_tag"]
        return {name: document[name] for name in asked["fields"].split(",")} if "fields" in asked else document

    def _refused(self, request: Request) -> Answer | None:
        """What ``services/auth/api-key/admin.js`` of Ghost answers a request that does not show its key."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Ghost":
            return _error(403, "NoPermissionError", "Authorization failed", code="NO_AUTH")
        try:
            head, claims, signature = token.split(".")
            header, said = (json.loads(_unbase64(part)) for part in (head, claims))
        except ValueError:
            return _error(400, "BadRequestError", "Invalid token", code="INVALID_JWT")
        if header["kid"] != KEY_ID:
            return _error(401, "UnauthorizedError", "Unknown Admin API Key", code="UNKNOWN_ADMIN_API_KEY")
        right = hmac.digest(bytes.fromhex(KEY_SECRET), f"{head}.{claims}".encode(), "sha256")
        now, life = self.at.timestamp(), timedelta(minutes=5).total_seconds()
        fault = (
            "invalid algorithm" if header["alg"] != "HS256"
            else "invalid signature" if not hmac.compare_digest(right, _unbase64(signature))
            else "jwt audience invalid" if not re.fullmatch(r"/?admin/?", said["aud"])
            else "jwt expired" if said["exp"] <= now
            else "maxAge exceeded" if said["iat"] + life <= now
            else None
        )  # fmt: skip
        return _error(401, "UnauthorizedError", f"Invalid token: {fault}", code="INVALID_JWT") if fault else None


def _events(before: Entry, after: Entry) -> list[str]:
    """What ``onUpdated`` of Ghost's post model fires."""
    found = []
    if before.status != after.status:
        if before.is_live:
            found.append("unpublished")
        if after.status in {"published", "scheduled"}:
            found.append(after.status)
        if before.status == "scheduled" and not after.is_live:
            found.append("unscheduled")
    elif after.is_live:
        found.append("published.edited")
    return [*found, "edited"]


def _text(entry: Entry) -> str:
    """Its modified time as SQLite holds it."""
    return entry.updated_at.strftime("%Y-%m-%d %H:%M:%S")


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(body).encode(), content_type="application/json; charset=utf-8")


def _error(status: int, kind: str, message: str, code: str | None = None) -> Answer:
    error = {"message": message, "context": None, "type": kind, "details": None, "property": None, "help": None,
             "code": code, "id": "0", "ghostErrorCode": None}  # fmt: skip
    return _json({"errors": [error]}, status)
