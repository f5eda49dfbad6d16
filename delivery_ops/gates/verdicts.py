"""From what was measured to what it means: the verdict.

Belongs here: the three outcomes, the two modes, and the one rule that joins them. Does not belong here: how an outcome
comes about (``judge``) and what a verdict causes (``sweep``).
"""

from __future__ import annotations

from typing import Literal

Outcome = Literal["pass", "fail", "error"]
"""``error``: the page could not be measured; neither a pass nor a fail."""

Mode = Literal["enforce", "monitor"]
"""``monitor``: the gate says what it finds, and holds nothing."""

Verdict = Literal["pass", "fail", "error", "monitor"]


def verdict_of(outcome: Outcome, mode: Mode) -> Verdict:
    """``monitor`` exactly when the outcome is ``fail`` and the mode ``monitor``, else the outcome."""
    return "monitor" if (outcome, mode) == ("fail", "monitor") else outcome
