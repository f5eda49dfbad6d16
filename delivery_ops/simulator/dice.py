"""Chance that repeats: one independent stream of random numbers per seed and topic.

Belongs here: the streams, and drawing a believable count. A stream per topic keeps a change in one part of the
agency from reshuffling every other part. Does not belong here: the module-level ``random`` functions, ever.
"""

from __future__ import annotations

import math
from random import Random


def dice(seed: int, *topic: str) -> Random:
    """The stream for ``topic``; the same for the same arguments on every machine and run."""
    return Random("/".join((str(seed), *topic)))  # noqa: S311 (nothing secret is drawn)


def poisson(stream: Random, mean: float) -> int:
    """A Poisson count (Knuth's product of uniforms; normal approximation from 30 on)."""
    if mean > 30:
        return max(0, round(stream.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), stream.random(), 0
    while product > limit:
        product *= stream.random()
        count += 1
    return count
