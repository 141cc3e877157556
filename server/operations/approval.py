"""Letting a new device in: a shift leader hears its eight words over the phone and types them at a desk of theirs."""

from __future__ import annotations

from typing import Final

from domain import spoken
from domain.records.staff import record_of
from domain.rules.privacy import Decision, Person, Thing, may, person_of
from server.operations import grants, leases, need_to_know
from server.operations.centre import Centre, News, log
from server.operations.enrolment import FIRST_INCARNATION
from server.operations.refusals import Refusal
from server.store import newcomers
from server.store.accounts import Device
from server.store.engine import Connection
from sync.replica import read, sql

_ALLOWED: Final = frozenset({Decision.ALLOWED, Decision.LOGGED})


class NotLetIn(Exception):
    """Nobody was let in; the text says why and what to do."""


_SAID: Final = {
    "no_newcomer": "Không có máy nào đang chờ ở ghế này với tám từ đó: nghe lại; vẫn không khớp thì đừng duyệt.",
    "may_not": "Vai trò của người này không duyệt được máy của trung tâm đó: hãy hỏi trưởng ca hoặc phụ trách vùng.",
}


def approve(centre: Centre, staff: str, seat: str, words: str, asker: Device) -> tuple[Device, News]:
    """Let in the device that waits at this seat and whose key has these words, where the table of roles lets this
    person (`approve_device`). `asker` is the desk they ask from: it says the centre of somebody without a record.

    Raises Refusal: 404 no_newcomer (none waits there, or other words: both read alike), 403 may_not (the role);
    StoreUnavailable.
    """
    return _approve(centre, staff, seat, words, asker.centre)


def approve_here(centre: Centre, staff: str, seat: str, words: str) -> Device:
    """As `approve`, from the centre's own machine. While no staff record lets anybody approve a device of that
    centre (it is being put up), whoever has that machine may. Raises NotLetIn, StoreUnavailable."""
    try:
        return _approve(centre, staff, seat, words, None)[0]
    except Refusal as refused:
        raise NotLetIn(_SAID[refused.code]) from refused


def _approve(centre: Centre, staff: str, seat: str, words: str, home: str | None) -> tuple[Device, News]:
    def job(connection: Connection) -> tuple[Device, News]:
        found = [one for one in newcomers.waiting(connection) if one.seat == seat]
        stored = read.one(connection, "staff", record_of(staff))
        known = stored.record if stored is not None and stored.retracted is None else None
        person = person_of(centre.policy, staff, home or "", known)
        thing = Thing(found[0].centre if found else person.centre)
        if not _lets(centre, person, thing) and (home is not None or _somebody_may(centre, connection, thing)):
            raise Refusal(403, "may_not")
        device = next((one for one in found if spoken.are_of(words, one.public_key)), None)
        if device is None:
            raise Refusal(404, "no_newcomer")
        newcomers.approve(connection, device.id, staff, centre.now_ms())
        return device, _begin(centre, connection, device)

    device, news = centre.lane.do(job)
    log.info("approved device=%s centre=%s seat=%s", device.id, device.centre, device.seat)
    # The hub of that centre fetches the new desk now, not at the end of its held pull.
    return device, news.with_more(News(audiences=frozenset({device.centre})))


def _lets(centre: Centre, person: Person, thing: Thing) -> bool:
    return may(centre.policy, person, "approve_device", thing) in _ALLOWED


def _somebody_may(centre: Centre, connection: Connection, thing: Thing) -> bool:
    ids = [str(row[0]) for row in sql.fetch(connection, "SELECT id FROM r_staff WHERE retracted IS NULL")]
    found = (read.one(connection, "staff", one) for one in ids)
    records = [one.record for one in found if one is not None]
    return any(_lets(centre, person_of(centre.policy, one.staff or "", "", one), thing) for one in records)


def _begin(centre: Centre, connection: Connection, device: Device) -> News:
    """What a device has from the start: a block of case numbers, and grants where it holds all cases."""
    news = leases.lease(centre, connection, device, FIRST_INCARNATION)
    if device.all_cases:
        grants.grant_every_case(centre, connection, device)
    need_to_know.settle_desk(centre, connection, device)
    return news
