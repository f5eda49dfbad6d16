"""A database that cannot be reached: it is away for now, or it refuses this login for good.

Belongs here: telling one from the other. Does not belong here: who connects. What is away may be back at the next try;
a wrong password, a role or database that is not there, and an address that is not let in stay so until a person acts.
"""

from __future__ import annotations

import re

from delivery_ops.errors import Permanent, Transient

# libpq hands out no SQLSTATE of a connection that failed, only the server's sentence: these are of class 28 (who may
# log in) and 3D000 (no such database). A server that speaks another language than English is taken to be away.
_REFUSED = re.compile(
    r"FATAL:\s+(.* authentication failed for user|role .* (does not exist|is not permitted to log in)"
    r"|no pg_hba.conf entry|pg_hba.conf rejects connection|database .* does not exist|permission denied for database)"
)


class LoginRefused(Permanent):
    """The server answered and does not let this login in."""


def unreachable(error: BaseException, doing: str, *, subject: str, away: str) -> Transient | LoginRefused:
    """``error``, which a connection failed with, as what to raise.

    Args:
        away: the remedy where the server did not answer, or not now.
    """
    cause = str(error).strip()
    if not _REFUSED.search(cause):
        return Transient(doing, subject=subject, cause=cause, remedy=away)
    remedy = (
        "Put user, password, host and database name right (DELIVERY_OPS_DATABASE_URL, where the database is yours)."
    )
    return LoginRefused(doing, subject=subject, cause=cause, remedy=remedy)
