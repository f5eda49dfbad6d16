"""Why a page could not be measured.

Belongs here: the one error that the fetcher and the page reader raise, and its codes. Does not belong here: what
is wrong *on* a page; that is a finding. A page that could not be measured neither passes nor fails a gate: its
outcome is ``error``, and the code says what a person would have to look at.
"""

from __future__ import annotations

from typing import Literal

from delivery_ops.errors import Skippable

FailureCode = Literal[
    "refused",  # the guard does not go there: scheme, port, name, address, redirect
    "unresolved",  # the host name has no address
    "unreachable",  # no connection, or TLS failed
    "timeout",
    "invalid_response",  # what came back is not HTTP, or ends early
    "redirects",  # a loop, or more than five
    "http_status",  # anything but success, 404 and 410
    "not_html",
    "encoding",  # a content encoding nobody asked for, or a broken one
    "too_large",
    "too_complex",  # nested too deep, too many elements or attributes
    "judging",  # the suite could not be run
]


class PageNotMeasured(Skippable):
    """This page gives no evidence; the outcome of every gate on it is ``error``. The others go on."""

    def __init__(self, doing: str, *, subject: str, cause: str, remedy: str, code: FailureCode) -> None:
        super().__init__(doing, subject=subject, cause=cause, remedy=remedy)
        self.code = code

    def as_record(self) -> dict[str, str]:
        return {**super().as_record(), "code": self.code}
