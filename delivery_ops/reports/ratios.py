"""Ratios of counts and amounts, and how far to trust them.

Belongs here: arithmetic on two whole numbers. A ratio over nothing is ``None``, never zero.
"""

from __future__ import annotations

import math


def ratio(part: int, whole: int) -> float | None:
    """``part / whole``; over nothing there is no ratio."""
    return part / whole if whole else None


def wilson_interval(successes: int, trials: int, *, z: float = 1.959964) -> tuple[float, float] | None:
    """Wilson's score interval of a proportion (E. B. Wilson 1927); ``z`` is the normal quantile, 95 % by default."""
    if trials == 0:
        return None
    share, square = successes / trials, z * z
    centre = share + square / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
