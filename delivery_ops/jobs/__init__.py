"""Durable jobs: a thing to do once, at a time or now, that survives whoever was about to do it.

Belongs here: asking for a job inside one's own transaction (``queue.enqueue``), leases, retries, giving up, and the
pool of threads that works jobs off. Does not belong here: what any job does; its room hands in a handler. A job runs
at least once; that it has its effect once is the handler's part, by a key that makes repetition harmless (the ledger's
is one), and the fence's: a worker that comes late cannot end a job that is another's by now.

Why a table of our own and not procrastinate: that one's due times follow the server's NOW(), so no simulated time could
move them; its keys are free again once a job ends; its worker is asynchronous; and it brings a schema with migrations
of its own. What is left to write are four statements and one loop.
"""
