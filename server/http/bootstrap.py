"""Routes of the bootstrap: the manifest of what the asker may have, and its segments piece by piece."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response

from server.http.answers import Described, lines, problems
from server.http.counter import Asker, AtCounter
from server.http.models import BootstrapAsk
from server.operations.bootstrap import PIECE, make_manifest, read_piece, wanted
from server.operations.refusals import bad_message, busy
from sync import manifest, wire

router = APIRouter()

BUILD_WAIT_S: Final = 20.0
"""How long (seconds) a request waits for segments that are being built."""

_FEW: Final[Described] = {204: {"description": "Few rows: read the feed from the start."}}
_PIECE: Final[Described] = {
    206: {
        "description": "Bytes of the segment; Content-Range says which.",
        "content": {wire.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_RANGE: Final = re.compile(r"bytes=([0-9]{1,10})-([0-9]{0,10})")


@router.get(
    manifest.BOOTSTRAP,
    response_class=Response,
    responses={**lines("The signed manifest."), **_FEW, **problems(400, 401, 403, 503)},
)
async def bootstrap(asked: Annotated[BootstrapAsk, Query()], asker: Asker, counter: AtCounter) -> Response:
    """Which segments make everything the asker may see, at one feed number."""
    builds = await counter.read(wanted, counter.centre, asker, counter.segments, asked.least)
    if builds is None:
        return Response(status_code=204)
    if builds:
        waiting = [asyncio.wrap_future(one) for one in builds]
        done, late = await asyncio.wait(waiting, timeout=BUILD_WAIT_S)
        if late or any(one.cancelled() or one.exception() is not None for one in done):
            raise busy(2_000)
    body = await counter.read(make_manifest, counter.centre, asker)
    return Response(body, media_type=wire.CONTENT_TYPE)


@router.get(
    manifest.SEGMENT + "/{name}",
    status_code=206,
    response_class=Response,
    responses={**_PIECE, **problems(400, 401, 403, 404, 416, 503)},
)
async def segment(
    name: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    asker: Asker,
    counter: AtCounter,
    wanted_range: Annotated[str, Header(alias="range", max_length=40)] = "bytes=0-",
) -> Response:
    """Bytes of one segment of a manifest made for the asker: at most 1 MiB an answer."""
    said = _RANGE.fullmatch(wanted_range)
    if said is None:
        raise bad_message()
    start = int(said[1])
    length = min(int(said[2]) - start + 1, PIECE) if said[2] else PIECE
    if length < 1:
        raise bad_message()
    part, whole = await counter.read(read_piece, counter.centre, asker, name, start, length)
    headers = {"content-range": f"bytes {start}-{start + len(part) - 1}/{whole}"}
    return Response(part, 206, headers, wire.CONTENT_TYPE)
