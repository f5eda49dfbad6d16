"""At stake: a parser that lets smuggled requests through, taken in silence because a package is missing."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from fastapi import FastAPI
from delivery_ops.web.server import server_of
config = server_of(FastAPI(), host="127.0.0.1", port=0).config
config.load()
print(config.http_protocol_class.__name__, "h11" in sys.modules)
"""


def test_requests_are_read_by_httptools_and_never_by_h11():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["HttpToolsProtocol", "False"]
