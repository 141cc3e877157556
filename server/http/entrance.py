"""Routes before a session: health, enrolment, nonce, session."""

from __future__ import annotations

from fastapi import APIRouter, Request

from server.http.answers import problems
from server.http.counter import AtCounter
from server.http.models import (
    EnrolAnswer,
    EnrolAsk,
    HealthAnswer,
    NonceAnswer,
    SessionAnswer,
    SessionAsk,
)
from server.operations.centre import News
from server.operations.enrolment import Asked, enrol
from server.operations.refusals import Refusal
from sync import door, wire
from sync.replica import node

router = APIRouter()


@router.get(door.HEALTH, responses=problems(503))
async def health(counter: AtCounter) -> HealthAnswer:
    """Whether the centre and its store answer."""
    centre = counter.centre
    feed = await counter.read(centre.read, node.feed)
    courier = wire.text64(centre.courier_key.public_key().public_bytes_raw())
    return HealthAnswer(
        lineage=centre.lineage, feed=feed, role=centre.role, time=centre.now_ms(), courier_key=courier
    )


@router.post(door.ENROL, responses=problems(400, 403, 429, 503))
async def enrolment(asked: EnrolAsk, request: Request, counter: AtCounter) -> EnrolAnswer:
    """A one-time code makes one device."""
    address = request.client.host if request.client else ""
    counter.attempts.check(address)
    try:
        again = door.Again(asked.device, asked.seat, wire.raw64(asked.signature)) if asked.device else None
        given = Asked(asked.code, wire.raw64(asked.key), asked.name, again)
        made = await counter.write(enrol, counter.centre, given)
    except Refusal:
        counter.attempts.failed(address)
        raise
    # The hub of that centre fetches the new desk's numbers and grants now, not at the end of its held pull.
    counter.room.publish(News(audiences=frozenset({made.centre})))
    return EnrolAnswer(
        device=made.device,
        centre=made.centre,
        seat=made.seat,
        centre_digit=made.centre_digit,
        lineage=made.lineage,
        time=made.time,
        centre_key=made.centre_key,
        courier_key=made.courier_key,
        hub=made.hub,
        upstream=made.upstream,
        waits=made.waits,
    )


@router.get(door.NONCE)
async def nonce(counter: AtCounter) -> NonceAnswer:
    """A number for one session claim."""
    return NonceAnswer(nonce=counter.sessions.nonce())


@router.post(door.SESSION, responses=problems(400, 401, 403, 503))
async def session(asked: SessionAsk, counter: AtCounter) -> SessionAnswer:
    """A token for a device that signed a fresh nonce with its registered key."""
    given = await counter.write(
        counter.sessions.open, asked.device, asked.incarnation, asked.nonce, wire.raw64(asked.signature)
    )
    return SessionAnswer(
        token=given.token,
        expires_ms=given.expires_ms,
        lineage=given.lineage,
        courier_key=given.courier_key,
        couriers=given.couriers,
        dictionary=given.dictionary,
    )
