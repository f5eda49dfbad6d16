"""The ledger: the one trail of facts, appended to and never altered.

Belongs here: appending, reading in position order, the folds' positions, and the balance of what came in. Does
not belong here: what an event may say (``contracts``) and what it means (the rooms that fold it).
"""
