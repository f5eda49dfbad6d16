"""What every intake of events came to (ledger/intake_log)."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0007_intake"
down_revision = "0006_gates"


def upgrade() -> None:
    run_sql_beside(__file__)
