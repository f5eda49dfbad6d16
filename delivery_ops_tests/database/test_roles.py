"""What each role may do is the ledger's first protection: tested by trying, as that role."""

from __future__ import annotations

import sqlalchemy as sa

from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role


def test_every_role_logs_in(database: Database) -> None:
    for role in Role:
        with database.engine(role).connect() as connection:
            user = connection.execute(sa.text("SELECT current_user")).scalar_one()
        assert user == role.login(database.prefix)
