"""A synthetic agency with known truth: it serves its clients' websites, answers as Search Console, writes files.

Belongs here: everything invented, drawn from one seed, and the servers that show it on loopback. What it makes
enters the product through the same functions as anybody's input. Does not belong here: any rule of the product.
Nothing but the composition root imports this room, and only tests import ``truth``. The way in is ``serve.serving``
and ``files.write_files``.
"""
