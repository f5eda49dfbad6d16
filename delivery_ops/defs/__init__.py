"""Dagster's view of the operation: one folder per group of assets, loaded by ``delivery_ops.definitions``.

Belongs here: adapters. An asset opens nothing and decides nothing: it asks the ``operation`` resource for a part,
calls a room's function, and turns what comes back into metadata and checks.
"""
