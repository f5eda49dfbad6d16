"""The shape of a gate's rule: one expectation on one column of the evidence row.

Belongs here: the record, which says in the field's words what is expected and how grave a miss is. Does not belong
here: any gate's rules (one module per gate) and running them (``engine``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """``column`` must lie from ``at_least`` to ``at_most``, both inclusive; where it is ``None``, nothing is expected.

    A miss of severity ``error`` fails the page, a ``warning`` is reported on a pass. ``code`` is the finding's stable
    name, ``message`` says what is wrong.
    """

    code: str
    column: str
    message: str
    at_least: int | None = None
    at_most: int | None = None
    severity: Severity = "error"


def none_of(code: str, column: str, message: str, severity: Severity = "error") -> Rule:
    """``column`` counts what must not be there at all."""
    return Rule(code=code, column=column, message=message, at_most=0, severity=severity)


HTTP_STATUS = Rule(code="http_status", column="http_status", at_most=399, message="the page is not there")
