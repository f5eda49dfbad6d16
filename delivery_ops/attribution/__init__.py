"""Attribution on anybody's files: the dbt models of the warehouse, run on two files instead of the lake.

Belongs here: reading and judging the files' rows (``intake``), and the run itself (``run.run_attribution``, the one
function other rooms use). Does not belong here: any model's formula; there is one definition of each, in
``dbt_project``.
"""
