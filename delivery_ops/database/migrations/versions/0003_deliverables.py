"""Which deliverables there are, how far each is, and whose page is whose."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0003_deliverables"
down_revision = "0002_ledger"


def upgrade() -> None:
    run_sql_beside(__file__)
