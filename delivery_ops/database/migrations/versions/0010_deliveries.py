"""Webhooks as they came in (connectors/deliveries)."""

from delivery_ops.database.migrate import run_sql_beside

revision = "0010_deliveries"
down_revision = "0009_current_rejections"


def upgrade() -> None:
    run_sql_beside(__file__)
