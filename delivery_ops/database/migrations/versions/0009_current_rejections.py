"""Which rejections still stand, which intake a report has told, and the stage moves that were told late."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0009_current_rejections"
down_revision = "0008_jobs"


def upgrade() -> None:
    run_sql_beside(__file__)
