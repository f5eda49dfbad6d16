"""Ghost's Admin API: its key, its addresses, and walking through what it lists.

Belongs here: requests and their paging. Does not belong here: what the objects mean (``objects``), what became of them
(``pull``), and HTTP (``json_api``). A walk does not count pages: what is saved or deleted between two requests would
move a row across the border of two pages, unseen. It asks for what stands behind the last row, in an order in which
rows only ever move to the end.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from delivery_ops import clock
from delivery_ops.connectors.failures import AnswerMalformed, CredentialsRefused, NotThere, failure
from delivery_ops.connectors.json_api import JsonAnswer, JsonApi

DOING = "asking Ghost"
TOKEN_LIFE = timedelta(minutes=5)  # the most that Ghost takes
_ID = re.compile(r"[0-9a-f]{24}")
_KEY = re.compile(r"(?P<id>[0-9a-f]+):(?P<secret>(?:[0-9a-f]{2})+)")

Resource = Literal["posts", "pages"]
RESOURCES: tuple[Resource, ...] = ("posts", "pages")
Object = Mapping[str, Any]


def words_of(refusal: Any) -> str | None:
    """Ghost's own sentence and code in the JSON of a refusal; None where it is not Ghost's."""
    try:
        error = refusal["errors"][0]
        return f"{error['message']} ({error.get('code') or error['type']})"
    except (AttributeError, IndexError, KeyError, TypeError):
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class GhostClient:
    """Reads the posts and pages of one Ghost, of every status.

    Args:
        url: where its Admin API is: the site's root, or with a separate admin domain that one's.
        key: an Admin API key, ``id:secret``. Ghost has none that can only read.
    """

    url: str
    key: str = field(repr=False)
    page_size: int = 50
    api: JsonApi = field(default_factory=lambda: JsonApi(doing=DOING, message_of=words_of))

    def site_time(self) -> datetime | None:
        """The present by the site's clock, if it says; also the cheapest proof that site and key work."""
        return self._get("posts", fields="id", limit=1).sent_at

    def changed(self, resource: Resource, since: datetime | None) -> Iterator[Object]:
        """Every post or page modified at ``since`` or later (None: every one there is), the oldest modification first;
        one that is modified meanwhile may come twice.

        Raises:
            DeliveryOpsError: one of ``failures``' errors.
        """
        condition, last = f"updated_at:>='{_database_text(since)}'" if since else "", ("", "")
        while True:
            order = "updated_at asc,id asc"
            answer = self._get(resource, filter=condition, order=order, limit=self.page_size, include="tags")
            found, has_more = self._listed(answer, resource)
            for one in found:
                before, last = last, self._place(one, resource)
                if last <= before:
                    raise self._malformed(resource, f"{last} follows {before}: it repeats itself, or is in no order")
                yield one
            if not has_more:
                return
            if not found:
                raise self._malformed(resource, "an empty page is said not to be the last")
            condition = _after(*last)

    def exists(self, object_id: str) -> bool:
        """Whether a post or page with this id is there. Raises as ``changed``."""
        for resource in RESOURCES:
            try:
                self._get(f"{resource}/{object_id}", fields="id")
            except NotThere:
                continue
            return True
        return False

    def _listed(self, answer: JsonAnswer, resource: Resource) -> tuple[list[Object], bool]:
        try:
            found, has_more = answer.value[resource], answer.value["meta"]["pagination"]["next"] is not None
        except (KeyError, TypeError) as error:
            raise self._malformed(resource, f"it lacks {error}") from error
        if not isinstance(found, list):
            raise self._malformed(resource, f"its {resource} are no list")
        return found, has_more

    def _place(self, found: object, resource: Resource) -> tuple[str, str]:
        """Where it stands in the list: its modified time as Ghost's database has it, and its id."""
        object_id, modified = (found.get("id"), found.get("updated_at")) if isinstance(found, dict) else (None, None)
        if not isinstance(object_id, str) or not _ID.fullmatch(object_id):
            raise self._malformed(resource, f"the id of one of its rows is {object_id!r:.80}")
        try:
            return _database_text(datetime.fromisoformat(str(modified))), object_id
        except (OverflowError, ValueError) as error:
            raise self._malformed(resource, f"the updated_at of {object_id} is {modified!r:.80}") from error

    def _get(self, path: str, **asked: str | int) -> JsonAnswer:
        query = urlencode({name: value for name, value in asked.items() if value != ""})
        headers = {"Authorization": f"Ghost {token(self.key, clock.now())}", "Accept-Version": "v5.0"}
        return self.api.get(f"{self.url.rstrip('/')}/ghost/api/admin/{path}/?{query}", headers)

    def _malformed(self, resource: Resource, cause: str) -> Exception:
        return failure(AnswerMalformed, DOING, subject=f"{self.url} {resource}", cause=cause)


def token(key: str, now: datetime) -> str:
    """The JSON Web Token (RFC 7519, HS256) that the Admin API takes for ``key``.

    Raises:
        CredentialsRefused: ``key`` is no Admin API key.
    """
    parts = _KEY.fullmatch(key.strip())
    if parts is None:
        cause = "the key is not of the form id:secret, both hexadecimal, as Ghost shows an Admin API key"
        raise failure(CredentialsRefused, DOING, subject="the Admin API", cause=cause)
    header = {"alg": "HS256", "typ": "JWT", "kid": parts["id"]}
    claims = {"iat": int(now.timestamp()), "exp": int((now + TOKEN_LIFE).timestamp()), "aud": "/admin/"}
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{_base64url(hmac.digest(bytes.fromhex(parts['secret']), signed.encode(), 'sha256'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _after(second: str, object_id: str) -> str:
    """The filter (NQL: ``,`` is or, ``+`` is and) for what stands behind this place of the list."""
    return f"updated_at:>'{second}',(updated_at:'{second}'+id:>'{object_id}')"


def _database_text(at: datetime) -> str:
    """An instant as Ghost's database holds it: SQLite compares texts, in which an ISO "T" is greater than a blank."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
