"""The export log of Search Console."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0005_search_export"
down_revision = "0004_sources"


def upgrade() -> None:
    run_sql_beside(__file__)
