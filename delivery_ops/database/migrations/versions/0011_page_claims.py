"""What every deliverable said of its pages and when, so that what comes late finds its place."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0011_page_claims"
down_revision = "0010_deliveries"


def upgrade() -> None:
    run_sql_beside(__file__)
