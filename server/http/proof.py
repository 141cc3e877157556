"""The route of the comparison: one question in, figures or operations out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from server.http.answers import BINARY, JSON, problems
from server.http.counter import Asker, AtCounter
from server.http.doorway import read_body
from server.operations.proof import answer, give_receipt, read_ask, receipt_from_above
from sync import door, proof, wire

router = APIRouter()

MOST_BODY = 4096


@router.post(
    door.PROOF,
    response_class=Response,
    responses={
        200: {
            "description": "Figures (JSON lines, leaf), or for step `record` a message of the road.",
            "content": {JSON: {}, wire.CONTENT_TYPE: {"schema": BINARY}},
        },
        **problems(400, 401, 403, 413, 503),
    },
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": {"type": "object"}}}}},
)
async def compare(request: Request, asker: Asker, counter: AtCounter) -> Response:
    """One question of a desk whose digest differs; answered from rows and log of what it may see."""
    ask = read_ask(await read_body(request, MOST_BODY))
    run = counter.write if ask.step == proof.MEND else counter.read
    body = await run(answer, counter.centre, asker, ask)
    return Response(body, media_type=wire.CONTENT_TYPE if ask.step == proof.RECORD else JSON)


@router.get(
    door.RECEIPT,
    response_class=Response,
    responses={
        200: {"description": "The signed receipt (JSON).", "content": {JSON: {}}},
        204: {"description": "This end counts something else at this moment."},
        **problems(400, 401, 403, 503),
    },
)
async def receipt(
    digest: Annotated[str, Query(pattern=r"^[0-9]{1,15}:[0-9a-f]{64}$")],
    asker: Asker,
    counter: AtCounter,
    device: Annotated[str, Query(pattern=r"^[0-9a-f-]{0,36}$")] = "",
) -> Response:
    """The centre's signed word that the asker (or, for a hub, one of its desks) holds exactly what it may. A hub
    passes on the centre's where it can; its own word says only that hub and desk are equal."""
    given = await counter.write(give_receipt, counter.centre, asker, digest, device)
    if given is not None and counter.centre.uplink is not None:
        given = await counter.carry(receipt_from_above, counter.centre, asker, digest) or given
    return Response(status_code=204) if given is None else Response(msgspec.json.encode(given), media_type=JSON)
