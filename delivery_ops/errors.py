"""Errors, named by what the caller must do about them.

Belongs here: the four families every room raises from, and the one sentence shape all of them share
(what was being done, to what, why it failed, what to do next). Does not belong here: an error that only one
room knows; that room subclasses one of these families.
"""

from __future__ import annotations

from datetime import timedelta


class DeliveryOpsError(Exception):
    """The root. Never raised itself: pick the family by what the caller must do.

    Args:
        doing: the action under way, as a gerund phrase ("exporting a day").
        subject: what it was done to ("sc-domain:example.com 2026-03-02").
        cause: why it failed, with the value found.
        remedy: the next step for a person.
    """

    def __init__(self, doing: str, *, subject: str, cause: str, remedy: str) -> None:
        super().__init__(f"{doing}: {subject}: {cause}. {remedy}")
        self.doing = doing
        self.subject = subject
        self.cause = cause
        self.remedy = remedy

    def as_record(self) -> dict[str, str]:
        """The error as flat text fields, for a stored rejection, a log line or ``--json``."""
        return {
            "error": type(self).__name__,
            "doing": self.doing,
            "subject": self.subject,
            "cause": self.cause,
            "remedy": self.remedy,
        }


class Permanent(DeliveryOpsError):
    """Trying again changes nothing: a person must change something first."""


class BadUsage(Permanent):
    """The command line or the configuration is wrong. The command line exits 2 on it."""


class Transient(DeliveryOpsError):
    """The same call may succeed later.

    Args:
        retry_after: the wait the other side asked for, if it named one.
    """

    def __init__(
        self,
        doing: str,
        *,
        subject: str,
        cause: str,
        remedy: str,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(doing, subject=subject, cause=cause, remedy=remedy)
        self.retry_after = retry_after


class Skippable(DeliveryOpsError):
    """This one item cannot be used; record it and go on with the others."""


class Rejected(DeliveryOpsError):
    """Input broke its contract. It is stored with the reason and can be retried after a change.

    Args:
        code: a stable, lower-case name of the reason ("unknown_event_type").
    """

    def __init__(self, doing: str, *, subject: str, cause: str, remedy: str, code: str) -> None:
        super().__init__(doing, subject=subject, cause=cause, remedy=remedy)
        self.code = code

    def as_record(self) -> dict[str, str]:
        return {**super().as_record(), "code": self.code}
