"""When a gate holds a deliverable, and when it lets it go.

Belongs here: the decision, as a pure function. Does not belong here: appending it (``sweep``) and what a hold keeps
waiting (the deliverables room). A deliverable may have several pages; one that fails holds it, and only all of them
passing releases it. An error changes nothing, and so does a gate that only watches: nothing held is silently let go.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from delivery_ops.gates.verdicts import Verdict


def hold_change(
    new: Collection[Verdict], standing: Collection[Verdict | None], *, is_held: bool
) -> Literal["held", "released"] | None:
    """What becomes of the hold of one gate on one deliverable.

    Args:
        new: the verdicts just reached on pages of the deliverable.
        standing: of each of its live pages the latest verdict, the new ones included; ``None`` = never judged.
        is_held: whether the gate holds it now.
    """
    if not is_held:
        return "held" if "fail" in new else None
    return "released" if new and all(verdict == "pass" for verdict in standing) else None
