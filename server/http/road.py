"""Routes of the road: push, pull with long poll, a scope's history, held operations."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from server.http.answers import BINARY, JSON, Described, lines, problems
from server.http.counter import Asker, AtCounter, Counter, Parting
from server.http.doorway import read_body
from server.http.models import DevicesAnswer, HeldAnswer, PullAsk, PushAnswered, ScopeAsk
from server.http.waiters import Waiter
from server.operations import carriage
from server.operations.centre import log
from server.operations.pull import Pulled, answer_pull, answer_scope, list_held
from server.operations.push import Pushed, accept_push
from server.operations.refusals import bad_message
from server.operations.revocation import farewell
from server.operations.sessions import Session
from server.store import hubs
from sync import door, wire

router = APIRouter()

MOST_BODY: Final = wire.MAX_BYTES
_NO_NEWS: Final[Described] = {204: {"description": "The wait ended without news."}}
_PUSH_BODY: Final = {
    "requestBody": {"required": True, "content": {wire.CONTENT_TYPE: {"schema": BINARY}}},
}


@router.post(
    door.PUSH,
    response_class=Response,
    responses={
        200: {"model": PushAnswered, "description": "What the server has of the chain now."},
        **problems(400, 401, 403, 409, 413, 503),
    },
    openapi_extra=_PUSH_BODY,
)
async def push(
    request: Request, asker: Parting, counter: AtCounter, urgent: Annotated[bool, Query()] = False
) -> Response:
    """A batch of the asker's own operations, signed; each is taken once, whatever is sent again. `urgent`: a body
    of at most 64 KiB passes those that wait."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != wire.CONTENT_TYPE:
        raise bad_message()
    quick = urgent and _is_small(request)
    with counter.urgent if quick else counter.bulk:
        data = await read_body(request, door.MOST_URGENT if quick else MOST_BODY)
        write = counter.write_now if quick else counter.write
        pushed = await write(_take, counter, asker, data, quick)
    answer = pushed.answer
    log.info("push device=%s acked=%d held=%d", asker.device.id, answer.acked, len(answer.held))
    return Response(msgspec.json.encode(answer), media_type=JSON)


def _take(counter: Counter, asker: Session, data: bytes, quick: bool) -> Pushed:
    """Take a push, and wake those whom it concerns from the same thread: before its answer is written."""
    pushed = accept_push(counter.centre, asker, data, quick)
    counter.room.publish(pushed.news, asker.device.id, backlog=not quick)
    return pushed


def _is_small(request: Request) -> bool:
    """Whether the body says that it is as small as the urgent lane takes; a large one goes with the others."""
    length = request.headers.get("content-length", "")
    return length.isascii() and length.isdigit() and len(length) < 7 and int(length) <= door.MOST_URGENT


@router.get(
    door.PULL,
    response_class=Response,
    responses={
        **lines("Operations after the cursor; at their end the digest."),
        **_NO_NEWS,
        **problems(400, 401, 403, 503),
    },
)
async def pull(
    request: Request, asked: Annotated[PullAsk, Query()], asker: Parting, counter: AtCounter
) -> Response:
    """What the asker may see after its cursor. With `wait`, held until there is news or its own push came."""
    lineage, _, seq = asked.c.partition(".")
    given = (counter, asker, lineage, int(seq), asked.limit)
    # Registered before the read: a commit between reading and waiting would else be slept through.
    # A desk of narrowed sight is woken by its centre for nothing at times, and is told nothing.
    audiences = hubs.audiences_of([asker.device.id], asker.device.centre)
    if asker.hub:
        audiences = await counter.read(carriage.audiences_of, counter.centre, asker)
    with counter.room.waiter(asker.device.id, audiences) as waiter:
        pulled = await _pulled(*given)
        told = counter.told_backed_up(asker, pulled.backed_up)
        further = counter.further(asker, pulled.centre_acked)
        if pulled.news or told or further or not asked.wait:
            return _message(pulled, asked.z)
        woken = await _woken(request, waiter, asked.wait)
        if woken is None or counter.room.closed:
            return Response(status_code=204)
        pulled = await _pulled(*given)
        told = counter.told_backed_up(asker, pulled.backed_up)
        further = counter.further(asker, pulled.centre_acked)
        return _message(pulled, asked.z) if woken or pulled.news or told or further else Response(status_code=204)


@router.get(
    door.SCOPE,
    response_class=Response,
    responses={**lines("One page of the scope's history."), **problems(400, 401, 403, 503)},
)
async def scope(asked: Annotated[ScopeAsk, Query()], asker: Asker, counter: AtCounter) -> Response:
    """The history of a scope granted to the asker, page by page; of any other, nothing."""
    return _message(
        await counter.read(answer_scope, counter.centre, asker, asked.scope, asked.upto, asked.past)
    )


@router.get(door.DEVICES, responses=problems(401, 403, 503))
async def devices(asker: Asker, counter: AtCounter) -> DevicesAnswer:
    """All desks of the asking hub's centre: their keys, and how far their chains have come here."""
    found = await counter.read(carriage.list_devices, counter.centre, asker)
    return DevicesAnswer.model_validate_json(msgspec.json.encode(found))


@router.get(door.HELD, responses=problems(401, 403, 503))
async def held(asker: Asker, counter: AtCounter) -> list[HeldAnswer]:
    """Operations that could not be applied yet, without their contents."""
    found = await counter.read(list_held, counter.centre, asker)
    return [HeldAnswer(device=one.device, n=one.n, why=one.why, kind=one.kind) for one in found]


async def _pulled(counter: Counter, asker: Session, lineage: str, cursor: int, limit: int) -> Pulled:
    found: Pulled = await counter.read(answer_pull, counter.centre, asker, lineage, cursor, limit)
    if found.revoked:
        raise await counter.read(farewell, counter.centre, asker.device)
    return found


def _message(pulled: Pulled, dictionary: int = 0) -> Response:
    return Response(wire.repacked(pulled.body, dictionary), media_type=wire.CONTENT_TYPE)


async def _woken(request: Request, waiter: Waiter, wait_s: float) -> bool | None:
    """True when called, False when the time ran out, None when the asker has gone."""
    called = asyncio.ensure_future(waiter.called.wait())
    gone = asyncio.ensure_future(_gone(request))
    try:
        done, _ = await asyncio.wait({called, gone}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        called.cancel()
        gone.cancel()
    if gone in done:
        return None
    return called in done


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
