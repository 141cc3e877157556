"""Around every request: an id, one log line of counts, a Problem for every fault, nothing of persons."""

from __future__ import annotations

import hashlib
import logging
import secrets
import traceback
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.operations.refusals import Refusal, bad_message
from sync import door
from sync.wire import Problem

log = logging.getLogger("tram111.door")

REQUEST_ID: Final = "x-request-id"
_BODILESS: Final = frozenset({"GET", "HEAD"})
_BODY_HEADERS: Final = frozenset({b"content-length", b"transfer-encoding"})
MOST_JSON: Final = 64 << 10
"""Largest body (bytes) of a request that is no push."""


def problem(refusal: Refusal) -> Response:
    """The answer of a refusal; Retry-After (whole seconds, rounded up) where it names a time."""
    said = Problem(
        code=refusal.code,
        n=refusal.n,
        acked=refusal.acked,
        retry_after_ms=refusal.retry_after_ms,
        lineage=refusal.lineage,
        since=refusal.since,
        order=refusal.order,
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


class Heard:
    """What has come of a request's body, and the proof that waits for its end."""

    def __init__(self, scope: Scope) -> None:
        headers = {name: value for name, value in scope["headers"] if name in _BODY_HEADERS}
        comes = bool(b"transfer-encoding" in headers or headers.get(b"content-length", b"0").strip(b"0 "))
        self.out_of_place = comes and scope["method"] in _BODILESS
        """A body where none is asked for: nobody reads it, so nobody could prove it."""
        self.whole = not comes or self.out_of_place
        self._hash = hashlib.sha256()
        self._waits: Callable[[bytes], None] | None = None

    def take(self, message: Message) -> None:
        """A part of the body came. Raises what the proof raises, before the route has the last part."""
        if message["type"] != "http.request" or self.whole:
            return
        self._hash.update(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self.whole and self._waits is not None:
            waits, self._waits = self._waits, None
            waits(self._hash.digest())

    def expect(self, prove: Callable[[bytes], None]) -> None:
        """Prove the request by its body's SHA-256: now where it is known, else when the last byte was heard."""
        if self.whole:
            prove(self._hash.digest())
        else:
            self._waits = prove

    @property
    def unproven(self) -> bool:
        """Whether a proof was asked for and did not come: no such request may be answered with success."""
        return self._waits is not None


def target_of(scope: Scope) -> str:
    """Path and query as they were sent."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


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
        heard = scope["state"]["heard"] = Heard(scope)
        status = 0
        taken = 0

        async def hear() -> Message:
            # A claim or a code is small; only a push or a part of a blob may be large, and each counts for itself.
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_JSON and not scope["path"].startswith((door.PUSH, door.BLOB)):
                raise Refusal(413, "too_large")
            heard.take(message)
            return message

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if heard.unproven and message["status"] < 400:
                    raise RuntimeError("a route answered before its request was proven")
                status = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [*message["headers"], (REQUEST_ID.encode(), request_id.encode())]
            await send(message)

        try:
            if heard.out_of_place:
                status = bad_message().status
                await problem(bad_message())(scope, receive, send)
            else:
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
