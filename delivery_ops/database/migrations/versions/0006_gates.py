"""What gates found, and which deliverables they hold."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0006_gates"
down_revision = "0005_search_export"


def upgrade() -> None:
    run_sql_beside(__file__)
