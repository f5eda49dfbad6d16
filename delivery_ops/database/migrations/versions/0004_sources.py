"""What became of each file source when it was loaded last."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0004_sources"
down_revision = "0003_deliverables"


def upgrade() -> None:
    run_sql_beside(__file__)
