"""Asking Search Console: the queries this system makes, and how often it tries again.

Belongs here: request bodies, the retry policy, and the hint which properties the account does see. Does not belong
here: what a refusal means (``failures``), Google's libraries (``google_service``), what becomes of the rows. A
client is for one thread; make one per thread.
"""

from __future__ import annotations

import difflib
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from delivery_ops.errors import DeliveryOpsError, Transient
from delivery_ops.search_console.failures import AnswerMalformed, CredentialsRefused, NotPermitted, failure, storable
from delivery_ops.search_console.paging import PAGE_SIZE, Paginator, Row
from delivery_ops.search_console.windows import DaySpan
from delivery_ops.settings import Settings

Dimension = Literal["date", "page", "query"]
Uniform = Callable[[float, float], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """Full jitter: after try n wait a random part of min(cap, base * 2**n), or what the server asked for, if longer.

    A wait longer than ``patience`` is not slept through: the error goes to the caller, whose day stays due.
    """

    tries: int = 5
    base: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(seconds=32)
    patience: timedelta = timedelta(seconds=60)

    def wait(self, tried: int, retry_after: timedelta | None, uniform: Uniform) -> timedelta | None:
        """How long to wait after try ``tried`` (1-based) failed; None = give up."""
        if tried >= self.tries:
            return None
        backoff = timedelta(seconds=uniform(0, min(self.cap, self.base * 2**tried).total_seconds()))
        wait = max(backoff, retry_after or timedelta())
        return wait if wait <= self.patience else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Completeness:
    """How far the data of a property goes: ``first_incomplete`` is None where every day probed is complete."""

    span: DaySpan
    first_incomplete: date | None

    @property
    def complete(self) -> DaySpan:
        """The days probed that are complete. It is a watermark: if any is, so is every day before ``span``."""
        return DaySpan(start=self.span.start, end=min(self.span.end, self.first_incomplete or self.span.end))


@dataclass(frozen=True, kw_only=True)
class SearchConsoleClient:
    """Search performance of the properties that one service account may read.

    Args:
        endpoint: replaces Google's root address; anonymous access is possible on this machine only.
        key: the service account key as JSON text.
    """

    endpoint: str | None = None
    key: str | None = field(default=None, repr=False)
    policy: RetryPolicy = RetryPolicy()
    sleep: Callable[[float], None] = time.sleep
    uniform: Uniform = random.uniform

    @classmethod
    def from_settings(cls, settings: Settings, *, default_endpoint: str | None = None) -> SearchConsoleClient:
        """The client of an operation; ``default_endpoint`` is asked where its configuration names none.

        A server on this machine is asked anonymously: it shall not see the real key.
        """
        configured = settings.search_console.endpoint if settings.search_console else None
        endpoint = configured or default_endpoint
        secret = None if _is_loopback(endpoint) else settings.google_credentials
        return cls(endpoint=endpoint, key=secret.get_secret_value() if secret else None)

    def completeness(self, property_: str, span: DaySpan) -> Completeness:
        """Ask how far the days of ``span`` are complete: one ``[date]`` query over fresh data."""
        subject = f"{property_} {span.start} to {span.last}"
        answer = self._query(property_, subject, _body(span, ("date",)))
        metadata = {} if answer.get("metadata") is None else answer["metadata"]
        try:
            # The wire has the first spelling, the discovery document the second. Only their absence says "complete".
            found = metadata.get("first_incomplete_date", metadata.get("firstIncompleteDate"))
            first_incomplete = None if found is None else date.fromisoformat(found)
        except (AttributeError, TypeError, ValueError) as error:
            raise _malformed(subject, f"its metadata is {metadata!r:.200}") from error
        return Completeness(span=span, first_incomplete=first_incomplete)

    def pages(self, property_: str, day: date, dimensions: tuple[Dimension, ...]) -> Iterator[list[Row]]:
        """The rows of one Pacific day by ``dimensions``, page by page.

        Raises:
            DeliveryOpsError: one of ``failures``' errors, once trying again is over.
        """
        subject = f"{property_} {day} [{','.join(dimensions)}]"
        paginator = Paginator(subject=subject)
        body = _body(DaySpan(start=day, end=day + timedelta(days=1)), dimensions)
        while not paginator.finished:
            answer = self._query(property_, subject, {**body, "startRow": paginator.start_row})
            page = answer.get("rows", [])  # the key is absent where there is nothing
            if not all(isinstance(row, dict) and _is_keys(row.get("keys"), len(dimensions)) for row in page):
                raise _malformed(subject, f"a row has not exactly the keys {dimensions}")
            paginator.advance(page)
            yield page

    def visible_properties(self) -> list[str]:
        """The properties the account may read, sorted."""
        subject = "the account's properties"
        answer = self._ask(lambda service: service.sites().list(), "listing properties", subject)
        entries = answer.get("siteEntry", [])  # the key is absent where there is nothing
        if not isinstance(entries, list) or not all(
            isinstance(e, dict) and _is_name(e.get("siteUrl")) for e in entries
        ):
            raise _malformed(subject, f"its siteEntry is {entries!r:.200}")
        return sorted(e["siteUrl"] for e in entries if e.get("permissionLevel") != "siteUnverifiedUser")

    def _query(self, property_: str, subject: str, body: dict[str, Any]) -> dict[str, Any]:
        def request(service: Any) -> Any:
            return service.searchanalytics().query(siteUrl=property_, body=body)

        try:
            answer = self._ask(request, "querying search performance", subject)
        except NotPermitted as refused:
            raise self._with_suggestion(refused, property_) from refused
        # Where there is nothing, rows is absent and the aggregation type stands alone. Without both it is somebody
        # else's answer, and taking it for "no rows" would make a zero day of a broken one.
        if not isinstance(answer.get("rows", [] if "responseAggregationType" in answer else None), list):
            raise _malformed(subject, f"the answer has no rows, but {sorted(answer)!r:.200}")
        return answer

    def _ask(self, request: Callable[[Any], Any], doing: str, subject: str) -> dict[str, Any]:
        """One answer, trying again as the policy says."""
        from delivery_ops.search_console.google_service import attempt

        tried = 0
        while True:
            tried += 1
            try:
                return attempt(request(self._service), doing=doing, subject=subject)
            except Transient as error:
                wait = self.policy.wait(tried, error.retry_after, self.uniform)
                if wait is None:
                    raise
            self.sleep(wait.total_seconds())

    @cached_property
    def _service(self) -> Any:
        from delivery_ops.search_console.google_service import build_service

        loopback = _is_loopback(self.endpoint)
        if self.key is None and not loopback:
            raise failure(
                CredentialsRefused,
                "opening Search Console",
                subject=self.endpoint or "Google",
                cause="no credentials are configured",
            )
        return build_service(endpoint=self.endpoint, key=self.key, direct=loopback)

    def _with_suggestion(self, refused: NotPermitted, property_: str) -> NotPermitted:
        """The same refusal, saying who asked and what they do see: most often the property is spelt otherwise."""
        try:
            visible = self.visible_properties()
        except DeliveryOpsError:
            return refused
        near = difflib.get_close_matches(property_, visible, n=3, cutoff=0.5)
        account = json.loads(self.key)["client_email"] if self.key else "the account"
        remedy = f"{refused.remedy} What {account} sees: {', '.join(near or visible[:3]) or 'no property at all'}."
        return NotPermitted(refused.doing, subject=refused.subject, cause=refused.cause, remedy=remedy)


def _body(span: DaySpan, dimensions: tuple[Dimension, ...]) -> dict[str, Any]:
    return {
        "startDate": span.start.isoformat(),
        "endDate": span.last.isoformat(),
        "dimensions": list(dimensions),
        "type": "web",
        # "all", in the probe and in the data: a day that is complete but not yet final has no rows under "final",
        # which would read as a zero day. The copy taken after finality replaces it.
        "dataState": "all",
        "rowLimit": PAGE_SIZE,
    }


def _is_keys(keys: object, count: int) -> bool:
    return isinstance(keys, list) and len(keys) == count and all(isinstance(key, str) for key in keys)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and storable(name) == name


def _malformed(subject: str, cause: str) -> DeliveryOpsError:
    return failure(AnswerMalformed, "reading an answer of Search Console", subject=subject, cause=cause)


def _is_loopback(endpoint: str | None) -> bool:
    host = urlsplit(endpoint).hostname if endpoint else None
    try:
        return host is not None and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False
