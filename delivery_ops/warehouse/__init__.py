"""The warehouse: dbt on DuckDB over the lake, and its marts in PostgreSQL.

Belongs here: where the dbt project and its files lie (``project``), running it (``dbt``), what its marts are
(``marts``) and giving them to readers (``publish``). Does not belong here: what a mart means; ``dbt_project`` says
that. Only one process at a time may have a DuckDB file open, so everything that opens one runs in the pool
``warehouse``; everybody else reads the published marts.
"""
