"""WordPress's REST API: the application password, its addresses, and walking through what it lists.

Belongs here: requests, their paging, and rows brought to the form the plugin sends. Does not belong here: what a page
means (``objects``), what became of it (``pull``), and HTTP (``json_api``). WordPress counts pages, so a row could slip
over the border of two of them while they are read. In the order of ids only a deletion can do that, and what slips is
read in the daily listing; in the order of modified times every save would.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from delivery_ops.connectors.failures import AnswerMalformed, CredentialsRefused, NotThere, RequestRefused, failure
from delivery_ops.connectors.json_api import JsonAnswer, JsonApi
from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.wordpress.paging import Paginator

DOING = "asking WordPress"
MAX_PER_PAGE = 100
REPEATED_HOUR = timedelta(hours=1)
"""WordPress compares modified times by its local clock, which shows one hour twice when summer time ends."""

RIGHTS = ("edit_others_pages", "edit_others_posts")

Resource = Literal["pages", "posts"]
RESOURCES: tuple[Resource, ...] = ("pages", "posts")
Object = Mapping[str, Any]

_FIELDS = ("id", "type", "status", "link", "slug", "date_gmt", "modified_gmt", "permalink_template")
_TRASHED = re.compile(r"__trashed(-[0-9]+)?\Z")
_NAME = re.compile(r"%(?:pagename|postname)%")


def words_of(refusal: Any) -> str | None:
    """WordPress's own sentence and code in the JSON of a refusal; None where it is not WordPress's."""
    try:
        return f"{refusal['message']} ({refusal['code']})"
    except (KeyError, TypeError):
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class WordPressClient:
    """Reads the pages and posts of one WordPress, of every status.

    Args:
        url: the site's root.
        user: an account that may edit everybody's pages and posts (the role Editor).
        password: an application password of that account.
    """

    url: str
    user: str
    password: str = field(repr=False)
    page_size: int = MAX_PER_PAGE
    api: JsonApi = field(default_factory=lambda: JsonApi(doing=DOING, message_of=words_of))

    def site_time(self) -> datetime | None:
        """The present by the site's clock, if it says; also the cheapest proof that site and account serve.

        Raises:
            DeliveryOpsError: one of ``failures``' errors. WordPress leaves out of its lists what an account may not
                edit, without a word; so an account that may not edit everybody's pages is ``CredentialsRefused``.
        """
        answer = self._get("users/me", _fields="capabilities", context="edit")
        with self._reading("the account"):
            lacks = [right for right in RIGHTS if not answer.value["capabilities"].get(right)]
        if lacks:
            cause = f"the account {self.user!r} lacks {', '.join(lacks)}: it needs the role Editor"
            raise failure(CredentialsRefused, DOING, subject=self.url, cause=cause)
        return answer.sent_at

    def changed(self, resource: Resource, since: datetime | None, rule: DeliverableRule) -> Iterator[Object]:
        """Every page or post modified at ``since`` or later (None: every one), and some before; each with what
        ``rule`` looks at.

        Raises:
            DeliveryOpsError: one of ``failures``' errors.
        """
        start = {} if since is None else {"modified_after": _text(since - REPEATED_HOUR)}
        yield from self._named(self._walk(resource, rule, start), rule)

    def these(self, ids: Sequence[str], rule: DeliverableRule) -> Iterator[Object]:
        """The pages and posts ``ids``, those that there are. Raises as ``changed``."""
        for at in range(0, len(ids), self.page_size):
            include = ",".join(ids[at : at + self.page_size])
            for resource in RESOURCES:
                yield from self._named(self._walk(resource, rule, {"include": include}), rule)

    def exists(self, object_id: str) -> bool:
        """Whether there is a page or post ``object_id``; only WordPress's own word is a no. Raises as ``changed``."""
        for resource in RESOURCES:
            try:
                self._get(f"{resource}/{object_id}", _fields="id")
            except CredentialsRefused:
                return True
            except NotThere as refused:
                if "rest_post_invalid_id" not in refused.cause:
                    raise
            else:
                return True
        return False

    def _walk(self, resource: Resource, rule: DeliverableRule, start: Mapping[str, str]) -> Iterator[list[Object]]:
        paginator = Paginator(subject=f"{self.url} {resource}")
        asked = {"context": "edit", "status": "any,trash", "orderby": "id", "order": "asc", **start}
        asked["_fields"] = ",".join((*_FIELDS, *_fields_of(rule)))
        while not paginator.finished:
            try:
                answer = self._get(resource, **asked, per_page=self.page_size, page=paginator.page)
            except RequestRefused as refused:
                if "rest_post_invalid_page_number" in refused.cause and paginator.page > 1:
                    return  # what was the last page's only row is gone
                raise
            yield paginator.advance(answer)

    def _named(self, pages: Iterable[list[Object]], rule: DeliverableRule) -> Iterator[Object]:
        """The rows as the plugin would send them."""
        for rows in pages:
            with self._reading("a row"):
                tags = [row.get("tags", []) for row in rows]  # there where the rule asks for them; pages have none
                names = self._tag_names({tag for each in tags for tag in each})
                states = [_state(row, [names[tag] for tag in each], rule) for row, each in zip(rows, tags, strict=True)]
            yield from states

    def _tag_names(self, ids: set[int]) -> dict[int, str]:
        names: dict[int, str] = {}
        wanted = sorted(ids)
        for at in range(0, len(wanted), MAX_PER_PAGE):
            include = ",".join(map(str, wanted[at : at + MAX_PER_PAGE]))
            answer = self._get("tags", include=include, per_page=MAX_PER_PAGE, _fields="id,name")
            names.update((tag["id"], tag["name"]) for tag in answer.value)
        return names

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        try:
            yield
        except (AttributeError, KeyError, TypeError) as error:
            cause = f"{what} is not as WordPress gives it ({error})"
            raise failure(AnswerMalformed, DOING, subject=self.url, cause=cause) from error

    def _get(self, path: str, **asked: str | int) -> JsonAnswer:
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Cache-Control": "no-cache"}
        return self.api.get(f"{self.url.rstrip('/')}/wp-json/wp/v2/{path}?{urlencode(asked)}", headers)


def _state(row: Object, tags: list[str], rule: DeliverableRule) -> Object:
    slug = _TRASHED.sub("", row["slug"])
    # While it is not live its link is a preview's, and the template is where it would be; of a post in the trash, and
    # of a status that a plugin brought, that is the preview's as well.
    elsewhere, is_known = _NAME.subn(lambda _: slug, row["permalink_template"])
    held = [row[place][rule.value] for place in ("meta", "acf") if rule.value in (row.get(place) or ())]
    return {
        **{name: row[name] for name in ("id", "type", "status", "date_gmt", "modified_gmt")},
        "slug": slug,
        "link": row["link"] if row["status"] == "publish" else elsewhere if is_known else None,
        "tags": tags,
        "field": held[0] if held and rule.place == "field" else None,
    }


def _fields_of(rule: DeliverableRule) -> tuple[str, ...]:
    if rule.place == "tag":
        return ("tags",)
    return (f"meta.{rule.value}", f"acf.{rule.value}") if rule.place == "field" else ()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
