"""The route by which a shift leader lets a new device in."""

from __future__ import annotations

from fastapi import APIRouter

from server.http.answers import problems
from server.http.counter import Asker, AtCounter
from server.http.models import ApproveAnswer, ApproveAsk
from server.operations.approval import approve
from server.operations.centre import HUB
from server.operations.refusals import Refusal
from sync import door

router = APIRouter()


@router.post(door.APPROVE, responses=problems(400, 401, 403, 404, 429, 503))
async def approval(asked: ApproveAsk, asker: Asker, counter: AtCounter) -> ApproveAnswer:
    """One device that waits at a seat, by the words of its key. Only the centre lets in; guesses are slowed as those
    of one-time codes are."""
    if counter.centre.role == HUB:
        raise Refusal(503, "no_upstream", retry_after_ms=30_000)
    counter.attempts.check(asker.device.id)
    try:
        device, news = await counter.write_now(
            approve, counter.centre, asked.staff, asked.seat, asked.words, asker.device
        )
    except Refusal:
        counter.attempts.failed(asker.device.id)
        raise
    counter.room.publish(news)
    return ApproveAnswer(device=device.id, seat=device.seat, time=counter.centre.now_ms())
