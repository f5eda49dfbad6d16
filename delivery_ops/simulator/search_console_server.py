"""A Search Console on loopback: the addresses, methods and error bodies of the real service.

Belongs here: routing, JSON, and injected faults. It answers as of ``clock.now()``. Does not belong here: the rules of
a request (``search_console_query``) and the numbers (``search_console_answers``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from delivery_ops import clock
from delivery_ops.simulator.faults import JSON, Fault, error, no_permission
from delivery_ops.simulator.loopback import Answer, Request, Respond
from delivery_ops.simulator.search_console_answers import Property
from delivery_ops.simulator.search_console_query import InvalidArgument, parse

_SITES = "/webmasters/v3/sites"
_QUERY = re.compile(rf"{_SITES}/([^/]+)/searchAnalytics/query")
_NOT_FOUND = Answer(status=404, body=b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p>That's an error.")


def respond(properties: Iterable[Property], faults: Mapping[str, Fault]) -> Respond:
    """The function that answers for ``properties``; ``faults`` by property name."""
    known = {one.name: one for one in properties}
    pending = {name: fault.times for name, fault in faults.items()}
    lock = Lock()

    def broken(name: str) -> Fault | None:
        """The fault that meets this request; each request uses one of its times up."""
        with lock:
            left = pending.get(name)
            if left == 0:
                return None
            if left is not None:
                pending[name] = left - 1
        return faults.get(name)

    def answer(request: Request) -> Answer | None:
        path = urlsplit(request.target).path
        if request.method == "GET" and path == _SITES:
            sites = [{"siteUrl": name, "permissionLevel": "siteFullUser"} for name in known]
            return _json({"siteEntry": sites})
        match = _QUERY.fullmatch(path)
        if request.method != "POST" or not match:
            return _NOT_FOUND
        name = unquote(match.group(1))
        true = _answered(known[name], request.body) if name in known else no_permission(name)
        fault = broken(name)
        return fault.change(true) if fault else true

    return answer


def _answered(asked: Property, body: bytes) -> Answer:
    try:
        query = parse(json.loads(body or b"{}"))
    except ValueError as broken:
        return _invalid(f"Invalid JSON payload received. {broken}")
    except InvalidArgument as broken:
        return _invalid(str(broken))
    return _json(asked.answer(query, clock.now()))


def _invalid(message: str) -> Answer:
    return error(400, message, reason="badRequest", status="INVALID_ARGUMENT")


def _json(body: dict[str, Any]) -> Answer:
    return Answer(body=json.dumps(body, ensure_ascii=False).encode(), content_type=JSON)
