"""Ghost: its webhooks (``signature``, ``translate``) and its Admin API (``client``, ``pull``).

The Content API is not asked: it has published pages only, so it cannot tell a take-down from a deletion, nor its time.
"""
