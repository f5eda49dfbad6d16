"""The table of events, how far each consumer has read it, and what was refused."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0002_ledger"
down_revision = "0001_foundation"


def upgrade() -> None:
    run_sql_beside(__file__)
