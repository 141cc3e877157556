"""Routes of attachments' bytes: tus 1.0 (creation, core, checksum) to send, Range to fetch."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from server.http.answers import BINARY, Described, problems
from server.http.counter import Asker, AtCounter
from server.http.doorway import read_body
from server.operations import blobs
from server.operations.blobs import Standing
from server.operations.refusals import Refusal, bad_message, busy
from sync import door

router = APIRouter()

_VERSION: Final = {"tus-resumable": door.TUS}
_RANGE: Final = re.compile(r"bytes=(\d{1,12})-(\d{1,12})")
_METADATA: Final = re.compile(r"record ([A-Za-z0-9+/=]{4,400})")
_CHECKSUM: Final = re.compile(r"sha256 ([A-Za-z0-9+/=]{44})")
_NUMBER: Final = re.compile(r"\d{1,12}")
_RECORD: Final = re.compile(r"[\x21-\x7e]{1,200}")

_ONE: Final = f"{door.BLOB}/{{record}}"
_MADE: Final[Described] = {201: {"description": "Upload-Offset: what is here, each chunk checked."}}
_THERE: Final[Described] = {200: {"description": "Upload-Offset and Upload-Length."}}
_TAKEN: Final[Described] = {204: {"description": "Durable; Upload-Offset says where to go on."}}
_PART: Final[Described] = {
    206: {
        "description": "Sealed bytes, at most to the end of a chunk.",
        "content": {door.PART_TYPE: {"schema": BINARY}},
    }
}


@router.post(
    door.BLOB,
    status_code=201,
    response_class=Response,
    responses={**_MADE, **problems(400, 401, 403, 404, 503)},
)
async def create(request: Request, asker: Asker, counter: AtCounter) -> Response:
    """Begin, or ask after, the sending of an attachment's bytes; its metadata must have come before."""
    named = _METADATA.fullmatch(request.headers.get("upload-metadata", ""))
    length = _NUMBER.fullmatch(request.headers.get("upload-length", ""))
    if named is None or length is None:
        raise bad_message()
    await read_body(request, 0)
    record = _text64(named[1])
    found = await counter.carry(blobs.to_send, counter.centre, asker, record)
    here = await counter.carry(blobs.offer, counter.centre, record, found, int(length[0]))
    return Response(status_code=201, headers={**_said(here), "location": f"{door.BLOB}/{record}"})


@router.head(_ONE, response_class=Response, responses={**_THERE, **problems(401, 403, 404, 503)})
async def where(record: str, asker: Asker, counter: AtCounter) -> Response:
    """From which byte to go on."""
    found = await counter.carry(blobs.to_send, counter.centre, asker, record)
    here = await counter.carry(blobs.standing, counter.centre, found)
    return Response(status_code=200, headers={**_said(here), "cache-control": "no-store"})


@router.patch(
    _ONE,
    status_code=204,
    response_class=Response,
    responses={**_TAKEN, **problems(400, 401, 403, 404, 409, 413, 460, 503)},
    openapi_extra={"requestBody": {"required": True, "content": {door.PART_TYPE: {"schema": BINARY}}}},
)
async def part(record: str, request: Request, asker: Asker, counter: AtCounter) -> Response:
    """Bytes of the sealed whole from Upload-Offset on, with their SHA-256 in Upload-Checksum."""
    offset = _NUMBER.fullmatch(request.headers.get("upload-offset", ""))
    checksum = _CHECKSUM.fullmatch(request.headers.get("upload-checksum", ""))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if offset is None or checksum is None or kind != door.PART_TYPE:
        raise bad_message()
    if counter.parts >= counter.most_parts:
        raise busy()
    counter.parts += 1
    try:
        found = await counter.carry(blobs.to_send, counter.centre, asker, record)
        data = await read_body(request, door.MOST_PART)
        given = (counter.centre, record, found, int(offset[0]), data, _raw64(checksum[1]))
        here = await counter.carry(blobs.take, *given)
    finally:
        counter.parts -= 1
    return Response(status_code=204, headers=_said(here))


@router.get(_ONE, response_class=Response, responses={**_PART, **problems(400, 401, 403, 404, 416, 503)})
async def fetch(record: str, request: Request, asker: Asker, counter: AtCounter) -> Response:
    """Sealed bytes of one Range; a shorter answer than asked for ends at a chunk."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or int(asked[2]) < int(asked[1]):
        raise bad_message()
    found = await counter.carry(blobs.to_fetch, counter.centre, asker, record)
    plan = found.plan
    start, last = int(asked[1]), min(int(asked[2]), plan.sealed - 1)
    if start >= plan.sealed:
        raise Refusal(416, "bad_message")
    count = min(last - start + 1, door.MOST_PART)
    data = await counter.carry(blobs.give, counter.centre, record, found, start, count)
    headers = {"content-range": f"bytes {start}-{start + len(data) - 1}/{plan.sealed}", "cache-control": "no-store"}
    return Response(data, 206, headers, media_type=door.PART_TYPE)


def _said(here: Standing) -> dict[str, str]:
    return {
        **_VERSION,
        "upload-offset": str(here.offset),
        "upload-length": str(here.length),
        door.HELD_BY: here.held_by,
    }


def _raw64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as bad:
        raise bad_message() from bad


def _text64(text: str) -> str:
    try:
        record = _raw64(text).decode("ascii")
    except UnicodeDecodeError as bad:
        raise bad_message() from bad
    if _RECORD.fullmatch(record) is None:
        raise bad_message()
    return record
