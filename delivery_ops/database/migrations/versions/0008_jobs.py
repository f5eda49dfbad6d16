"""Durable jobs: work to be done once, at a time, outside any transaction."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0008_jobs"
down_revision = "0007_intake"


def upgrade() -> None:
    run_sql_beside(__file__)
