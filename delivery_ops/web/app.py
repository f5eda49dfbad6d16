"""The HTTP application: its routes, made of the parts it is given.

Belongs here: paths, and how a room's answer becomes a status. Does not belong here: what becomes of a delivery
(``connectors.intake``), settings, and serving (``server``). A request that waits for the store does so in a thread, so
that it keeps no other waiting.
"""

from __future__ import annotations

import logging
from functools import partial
from uuid import UUID

import anyio
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from delivery_ops.connectors.intake import Intake, Receipt, UnknownSource
from delivery_ops.contracts.envelope import RecordedEvent
from delivery_ops.contracts.wire import to_wire
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.web.answers import Problem, answer, problem, unavailable
from delivery_ops.web.framing import Framing, read_body

_log = logging.getLogger(__name__)

THREADS = 8
"""At once in the store; appends take turns there anyway. Below the engine's pool, so that nobody waits for a place."""


def app(intake: Intake) -> FastAPI:
    """The application that takes in webhooks by ``intake``."""
    api = FastAPI(title="delivery_ops", docs_url=None, redoc_url=None, redirect_slashes=False)
    _answer_errors(api)
    api.add_middleware(Framing)
    threads = anyio.CapacityLimiter(THREADS)

    @api.post("/v1/hooks/{source}", status_code=202)
    async def take_in(source: str, request: Request) -> Response:
        """Take in a webhook of a source. 202 also for what cannot be used: it is kept with the reason."""
        try:
            intake.hook_of(source)
        except UnknownSource as error:
            raise Problem(404, "unknown_source", error.cause) from error
        _require_json(request)
        body = await read_body(request)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        receive = partial(intake.receive, source, headers, body)
        return _answer_to(await anyio.to_thread.run_sync(receive, limiter=threads))

    @api.get("/v1/events/{event_id}")
    async def event(event_id: str) -> Response:
        """An event as the ledger keeps it, with its position."""
        wanted = _uuid(event_id)
        read = partial(intake.ledger.event, wanted) if wanted else None
        found = await anyio.to_thread.run_sync(read, limiter=threads) if read else None
        if found is None:
            raise Problem(404, "unknown_event", "There is no event of this id.")
        return answer(200, _recorded(found))

    return api


def _answer_errors(api: FastAPI) -> None:
    @api.exception_handler(HTTPException)
    async def said(_request: Request, error: HTTPException) -> Response:
        return problem(error)

    @api.exception_handler(DeliveryOpsError)
    async def failed(request: Request, error: DeliveryOpsError) -> Response:
        _log.error("%s %s: %s", request.method, request.url.path, error)
        return unavailable(error)

    @api.exception_handler(Exception)
    async def broke(_request: Request, error: Exception) -> Response:
        return unavailable(error)  # a defect: what serves the application logs it, with its traceback


def _require_json(request: Request) -> None:
    kinds = [value.partition(";")[0].strip().lower() for value in request.headers.getlist("content-type")]
    if len(kinds) != 1 or not (kinds[0] == "application/json" or kinds[0].endswith("+json")):
        raise Problem(415, "unsupported_media_type", "Send application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "Send it as it is, without a Content-Encoding.")


def _answer_to(receipt: Receipt) -> Response:
    if receipt.outcome == "refused":
        headers = {"WWW-Authenticate": "Signature"}
        raise Problem(401, "bad_signature", "It is not signed with a secret of this source.", headers=headers)
    content = {
        "delivery_id": str(receipt.delivery_id),
        "event_ids": [str(one) for one in receipt.event_ids],
        "outcome": receipt.outcome,
    }
    return answer(409 if receipt.outcome == "conflict" else 202, content)


def _recorded(event: RecordedEvent) -> dict[str, object]:
    return {
        **to_wire(event),
        "position": event.position,
        "recorded_at": event.recorded_at.isoformat(),
        "body_sha256": event.body_sha256.hex(),
    }


def _uuid(text: str) -> UUID | None:
    """The UUID in its one spelling; ``UUID`` takes braces and more."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
