"""How Alembic runs a revision here: all pending ones in one transaction, one process at a time.

Executed by Alembic for ``migrate.upgrade``, which hands over the connection; there is no ``alembic.ini``.
"""

import sqlalchemy as sa
from alembic import context

MIGRATION_LOCK = 7_235_419_002  # any number, the same in every process that migrates

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="ops")
with context.begin_transaction():
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    connection.execute(sa.schema.CreateSchema("ops", if_not_exists=True))  # it holds Alembic's own table
    context.run_migrations()
