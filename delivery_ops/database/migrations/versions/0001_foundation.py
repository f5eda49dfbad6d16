"""Schemas, the roles' standing grants, the clock, and the refusal that guards the ledger."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0001_foundation"
down_revision = None


def upgrade() -> None:
    run_sql_beside(__file__)
