"""The database room: where PostgreSQL comes from, who may do what in it, and how its schema grows.

Belongs here: the embedded server or the one ``DELIVERY_OPS_DATABASE_URL`` names, the roles and their passwords,
engines, migrations, and the frozen clock. Does not belong here: what a table means; each room's migration says
that. Other rooms use ``opening.open_database``, ``Database.engine(role)`` and ``roles.Role``; the command line
also ``server.stop``, and a simulated operation ``frozen_clock``.
"""
