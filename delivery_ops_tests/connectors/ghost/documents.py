"""How Ghost 5.130 writes a post or a page down: in its webhooks, and in its Admin API.

Belongs here: the fields of each form, as the recordings have them. Does not belong here: state and HTTP (``server``).
``test_server`` holds every form against the recordings.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]

# fmt: off
_META = ("og_image", "og_title", "og_description", "twitter_image", "twitter_title", "twitter_description",
         "meta_title", "meta_description")
_INJECTED = ("codeinjection_head", "codeinjection_foot", "custom_template", "canonical_url")
_NOTIFIED = ("comment_notifications", "free_member_signup_notification", "paid_subscription_started_notification",
             "mention_notifications", "recommendation_notifications", "milestone_notifications",
             "donation_notifications")
_PROFILE = ("profile_image", "cover_image", "bio", "website", "location", "facebook", "twitter", "threads", "bluesky",
            "mastodon", "tiktok", "youtube", "instagram", "linkedin", "accessibility")
# fmt: on
SITE_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One saved content. ``at`` to the millisecond."""

    id: str
    at: datetime
    title: str
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A post or page as it stands in Ghost's database; instants to the second."""

    kind: str
    id: str
    title: str
    slug: str
    html: str
    status: str
    tags: tuple[str, ...]
    custom_excerpt: str | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    revisions: tuple[Revision, ...] = ()

    @property
    def is_live(self) -> bool:
        return self.status == "published"

    @property
    def plaintext(self) -> str:
        return re.sub(r"<[^>]+>", "", self.html.replace("</h2>", "\n\n"))

    @property
    def uuid(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.id))


def instant(at: datetime | None) -> str | None:
    return at and at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def changes(before: Entry, after: Entry) -> Document:
    """``previous`` of a save: what it changed, as it was before; but the plain text as it is now."""
    found = {"updated_at": instant(before.updated_at)}
    for name in ("title", "slug", "html", "status", "custom_excerpt"):
        if getattr(before, name) != getattr(after, name):
            found[name] = getattr(before, name)
    if before.html != after.html:
        found["plaintext"] = after.plaintext
    if before.published_at != after.published_at:
        found["published_at"] = instant(before.published_at)
    return found


def current(entry: Entry, root: str, *, just_added: bool) -> Document:
    """``current`` of a webhook."""
    author = _author(root, has_roles=not just_added)
    counted = "clicks" if entry.kind == "post" else "signups paid_conversions"
    count = dict.fromkeys([*counted.split(), "positive_feedback", "negative_feedback"], 0)
    return {
        **_stored(entry),
        "html": entry.html,
        "plaintext": entry.plaintext,
        "authors": [author],
        "tags": _tags(entry, root),
        "post_revisions": _revisions(entry, root),
        "tiers": [_tier("Free", None), _tier("Agency Site", 500)],
        **({} if just_added else {"count": count}),
        "primary_author": author,
        **_computed(entry, root),
    }


def deleted(entry: Entry, root: str) -> Document:
    """``previous`` of a deletion, whose ``current`` is empty."""
    stored = {name: value for name, value in _stored(entry).items() if name != "show_title_and_feature_image"}
    return {"tags": _tags(entry, root), "authors": [_author(root, has_roles=True)], **stored, "html": entry.html}


def admin(entry: Entry, root: str) -> Document:
    """What the Admin API lists with ``include=tags``."""
    return {
        **_stored(entry),
        "lexical": _lexical(entry.plaintext),
        "tags": _tags(entry, root),
        **_computed(entry, root),
    }


def _stored(entry: Entry) -> Document:
    return {
        "id": entry.id,
        "uuid": entry.uuid,
        "title": entry.title,
        "slug": entry.slug,
        "mobiledoc": None,
        "comment_id": entry.id,
        "feature_image": None,
        "featured": False,
        "status": entry.status,
        "visibility": "public",
        "created_at": instant(entry.created_at),
        "updated_at": instant(entry.updated_at),
        "published_at": instant(entry.published_at),
        "custom_excerpt": entry.custom_excerpt,
        **dict.fromkeys(_INJECTED),
        **({"show_title_and_feature_image": True} if entry.kind == "page" else {}),
    }


def _computed(entry: Entry, root: str) -> Document:
    only_posts = {"email_segment": "all", "email_subject": None, "email_only": False} if entry.kind == "post" else {}
    first = next(iter(_tags(entry, root)), None)
    return {
        "primary_tag": first if first and first["visibility"] == "public" else None,
        "url": f"{root}{entry.slug}/" if entry.is_live else f"{root}p/{entry.uuid}/",
        "excerpt": entry.custom_excerpt or entry.plaintext,
        "reading_time": 0,
        **dict.fromkeys([*_META, "frontmatter", "feature_image_alt", "feature_image_caption"]),
        **only_posts,
    }


def _tags(entry: Entry, root: str) -> list[Document]:
    return [_tag(name, root) for name in entry.tags]


def _tag(name: str, root: str) -> Document:
    internal = name.startswith("#")
    slug = name.lower().replace("#", "hash-")
    return {
        "id": _id(f"tag {name}"),
        "name": name,
        "slug": slug,
        "visibility": "internal" if internal else "public",
        "url": f"{root}404/" if internal else f"{root}tag/{slug}/",
        "created_at": instant(SITE_MADE_AT),
        "updated_at": instant(SITE_MADE_AT),
        **dict.fromkeys([*_META, "description", "feature_image", "accent_color", *_INJECTED[:2], "canonical_url"]),
    }


def _author(root: str, *, has_roles: bool) -> Document:
    return {
        **_user(),
        **({"roles": [_role()]} if has_roles else {}),
        "url": f"{root}author/agency/",
    }


def _user() -> Document:
    return {
        "id": "1",
        "name": "Agency",
        "slug": "agency",
        "email": "a@example.com",
        "status": "active",
        **dict.fromkeys([*_PROFILE, "meta_title", "meta_description", "tour"]),
        **dict.fromkeys(_NOTIFIED, True),
        "paid_subscription_canceled_notification": False,
        **dict.fromkeys(("last_seen", "created_at", "updated_at"), instant(SITE_MADE_AT)),
    }


def _role() -> Document:
    made = dict.fromkeys(("created_at", "updated_at"), instant(SITE_MADE_AT))
    return {"id": _id("role"), "name": "Owner", "description": "Blog Owner", **made}


def _revisions(entry: Entry, root: str) -> list[Document]:
    """The last one, just saved, does not know its author yet."""
    author = {**_user(), "locale": None, "visibility": "public"}
    found = [_revision(entry, one) for one in entry.revisions]
    return [{**one, "author": author} for one in found[:-1]] + found[-1:]


def _revision(entry: Entry, one: Revision) -> Document:
    return {
        "id": one.id,
        "post_id": entry.id,
        "lexical": _lexical(entry.plaintext),
        "created_at_ts": int(one.at.timestamp() * 1000),
        "created_at": instant(one.at.replace(microsecond=0)),
        "title": one.title,
        "post_status": one.status,
        "reason": one.reason,
        **dict.fromkeys(("feature_image", "feature_image_alt", "feature_image_caption", "custom_excerpt")),
    }


def _tier(name: str, monthly: int | None) -> Document:
    return {
        "id": _id(f"tier {name}"),
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "active": True,
        "visibility": "public",
        "trial_days": 0,
        "type": "paid" if monthly else "free",
        "currency": "usd" if monthly else None,
        "monthly_price": monthly,
        "yearly_price": monthly and monthly * 10,
        **dict.fromkeys(("welcome_page_url", "description", "monthly_price_id", "yearly_price_id")),
        **dict.fromkeys(("created_at", "updated_at"), instant(SITE_MADE_AT)),
    }


def _lexical(text: str) -> str:
    return f'{{"root":{{"children":[{{"text":{text!r}}}]}}}}'


def _id(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, name).hex[:24]
