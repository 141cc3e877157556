"""The route of emergency reading."""

from __future__ import annotations

from fastapi import APIRouter

from server.http.answers import problems
from server.http.counter import Asker, AtCounter
from server.http.models import EmergencyAnswer, EmergencyAsk
from server.operations.centre import HUB
from server.operations.emergency import Asked, give
from server.operations.refusals import Refusal
from sync import door

router = APIRouter()


@router.post(door.EMERGENCY, responses=problems(400, 401, 403, 404, 409, 503))
async def emergency(asked: EmergencyAsk, asker: Asker, counter: AtCounter) -> EmergencyAnswer:
    """One file of another centre for one hour. Only the centre gives it."""
    if counter.centre.role == HUB:
        raise Refusal(503, "no_upstream", retry_after_ms=30_000)
    if asker.hub:
        raise Refusal(404, "unknown_file")
    wanted = Asked(asked.code, asked.staff, asked.why, asked.words)
    given, news = await counter.write_now(give, counter.centre, asker, wanted)
    counter.room.publish(news)
    return EmergencyAnswer(scope=given.scope, contact=given.contact, until=given.until, time=given.time)
