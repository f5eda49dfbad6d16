"""What can go wrong when a source is asked, named by what to do about it.

Belongs here: the errors every pull raises, and which answer means which. Does not belong here: waiting and trying
again: the poll is a job, and backs off as jobs do. A poll that failed leaves its cursor where it was.
"""

from __future__ import annotations

from datetime import timedelta

from delivery_ops.errors import DeliveryOpsError, Permanent, Transient


class SourceUnavailable(Transient):
    """No usable answer came: down, too slow, broken off, or trouble of the server's own."""


class SourceBusy(Transient):
    """The source asks for fewer requests."""


class AnswerMalformed(Transient):
    """An answer came that is not what the API gives, or contradicts itself; nothing of it is used."""


class CredentialsRefused(Permanent):
    """The key is missing, wrong, or no longer accepted."""


class RequestRefused(Permanent):
    """There is no such API at this address, or it calls the request wrong."""


class NotThere(RequestRefused):
    """The API says in its own words that it has no such thing."""


Failure = type[SourceUnavailable | SourceBusy | AnswerMalformed | CredentialsRefused | RequestRefused]

_REMEDIES: dict[Failure, str] = {
    SourceUnavailable: "The next poll asks again.",
    SourceBusy: "The next poll asks again.",
    AnswerMalformed: "The next poll asks again; open the address in a browser if this stays.",
    CredentialsRefused: "Put a valid key into the connector's secret, and see that this machine's clock is right.",
    RequestRefused: "Check the connector's url, and that the system behind it is of the configured kind.",
    NotThere: "Check the connector's url, and that the system behind it is of the configured kind.",
}


def failure(
    kind: Failure, doing: str, *, subject: str, cause: str, retry_after: timedelta | None = None
) -> DeliveryOpsError:
    """An error of ``kind`` with that kind's remedy."""
    remedy = _REMEDIES[kind]
    if issubclass(kind, Transient):
        return kind(doing, subject=subject, cause=cause, remedy=remedy, retry_after=retry_after)
    return kind(doing, subject=subject, cause=cause, remedy=remedy)


def kind_of(status: int, *, is_api: bool) -> Failure:
    """What an answer with this ``status`` means. ``is_api``: it came in the API's own words; a 401, 403 or 404 without
    them is a front end's page, and no verdict on the key or on what was asked for."""
    if status == 429:
        return SourceBusy
    if status >= 500 or status == 408:
        return SourceUnavailable
    if status in {401, 403}:
        return CredentialsRefused if is_api else SourceUnavailable
    return NotThere if status == 404 and is_api else RequestRefused
