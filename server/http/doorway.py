"""Around every request: an id, one log line of counts, a Problem for every fault, nothing of persons."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.operations.refusals import Refusal
from sync import door
from sync.wire import Problem

log = logging.getLogger("tram111.door")

REQUEST_ID: Final = "x-request-id"
MOST_JSON: Final = 64 << 10
"""Largest body (bytes) of a request that is no push."""


def problem(refusal: Refusal) -> Response:
    """The answer of a refusal; Retry-After (whole seconds, rounded up) where it names a time."""
    said = Problem(
        code=refusal.code, n=refusal.n, acked=refusal.acked, retry_after_ms=refusal.retry_after_ms
    )
    headers: Mapping[str, str] = {}
    if refusal.retry_after_ms:
        headers = {"retry-after": str(-(-refusal.retry_after_ms // 1_000))}
    return Response(msgspec.json.encode(said), refusal.status, headers, "application/json")


async def read_body(request: Request, most: int) -> bytes:
    """The body, at most `most` bytes. Raises Refusal (413 too_large)."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Refusal(413, "too_large")
        parts.append(part)
    return b"".join(parts)


class Doorway:
    """The outermost layer. A fault of ours is logged by its type and place, never by its words: words of a
    database can hold what a child said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(4)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        taken = 0

        async def hear() -> Message:
            # A claim or a code is small; only a push or a part of a blob may be large, and each counts for itself.
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_JSON and not scope["path"].startswith((door.PUSH, door.BLOB)):
                raise Refusal(413, "too_large")
            return message

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [*message["headers"], (REQUEST_ID.encode(), request_id.encode())]
            await send(message)

        try:
            await self._app(scope, hear, answer)
        except Exception as fault:  # noqa: BLE001  # the last hand: told to the log and to the asker
            log.error("%s fault=%s at=%s", request_id, type(fault).__name__, place_of(fault))  # noqa: TRY400  # a traceback ends with the words
            if not status:
                await problem(Refusal(500, "busy", retry_after_ms=5_000))(scope, receive, answer)
        log.info("%s %s %s %d", request_id, scope["method"], _route(scope), status)


def _route(scope: Scope) -> str:
    """The path of the route as we wrote it, never what the asker wrote into it."""
    return str(getattr(scope.get("route"), "path", "-"))


def place_of(fault: BaseException) -> str:
    """Files and lines of a fault, innermost first: never its words."""
    frames = traceback.extract_tb(fault.__traceback__)[-4:]
    return " < ".join(f"{PurePath(one.filename).name}:{one.lineno}" for one in reversed(frames))
