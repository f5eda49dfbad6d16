"""The commands of single rooms, one module per group: what one room can do on its own.

Belongs here: arguments in, one function of a room called, the result printed. Does not belong here: the operation as a
whole (``cli``), options that several groups take (``options``), and any work. Each module's ``group`` holds its
commands. Rooms are imported by the command that needs them: what one costs to import, no other command pays.
"""
