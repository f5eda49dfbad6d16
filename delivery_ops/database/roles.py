"""Who logs in to the database: one role per kind of work, so that a grant can say what that work may touch.

Belongs here: the roles' names and their one-line duties. Does not belong here: the grants themselves
(``migrations/versions/0001_foundation.sql``) and the memberships and session settings (``provision.py``).
Roles are shared by every database of a PostgreSQL cluster, so a role's name starts with its operation's prefix.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A login of the operation's database."""

    owner = "owner"  # runs migrations and owns the schemas ledger and ops; not used at run time
    writer = "writer"  # appends to the ledger: INSERT and SELECT there, never UPDATE, DELETE or TRUNCATE
    folder = "folder"  # owns the folds in ops and rebuilds them
    publisher = "publisher"  # owns analytics (views) and analytics_data (the tables behind them)
    dagster = "dagster"  # owns the schema dagster, which is first on its search_path
    reader = "reader"  # reads ledger, ops and analytics
    analyst = "analyst"  # reads analytics and nothing else

    def login(self, prefix: str) -> str:
        """The role's name in a cluster, for the operation whose roles start with ``prefix``."""
        return f"{prefix}_{self.value}"
