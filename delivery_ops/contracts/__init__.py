"""What an event is: its envelope, the registry of event types, and the JSON that may stand in one.

Belongs here: the shape of an event and the judgement whether one keeps its contract. Does not belong here:
where events are kept (``ledger``), or what they mean to a room (that room folds them).
"""
