"""Serving the application: uvicorn, with the strict parser.

Belongs here: how it is configured. Does not belong here: the application, and when to start and stop. uvicorn would
take h11 where httptools is missing; that parser takes requests with two lengths, and answers the smuggled one.
"""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI


def server_of(application: FastAPI, *, host: str, port: int) -> uvicorn.Server:
    """A server of ``application``, not yet running. What it has to tell goes to the log of the process.

    A socket that ``run`` is given must be made with ``IPPROTO_TCP``: on another asyncio leaves Nagle's algorithm on,
    and every answer takes 40 ms more.
    """
    return uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            http="httptools",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=10,
        )
    )
