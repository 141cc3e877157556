"""Emergency reading: a desk of another centre gets one file for an hour, for a reason that the file's own see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from domain.codes.catalogue import Catalogue
from domain.records.emergency import EmergencyRead
from domain.records.road import Grant
from domain.records.staff import record_of
from domain.rules import emergency
from domain.rules.privacy import Decision, may, person_of
from server.operations.centre import Centre, News, log
from server.operations.refusals import Refusal, bad_message
from server.operations.sessions import Session
from server.store import accounts, granted, staffed
from server.store import emergency as kept
from server.store.engine import Connection
from sync.door import EmergencyGiven
from sync.operation import APPEND, GRANT, PATCH, WITHDRAW
from sync.replica import read, scopes
from sync.replica.changes import Folded
from sync.replica.read import Stored

_RESOURCES: Final = Path(__file__).parents[2] / "resources"
_WITH_A_REASON: Final = frozenset({Decision.REASON, Decision.LOGGED, Decision.ALLOWED})


@cache
def _reasons() -> frozenset[str]:
    return frozenset(one.code for one in Catalogue.load(_RESOURCES / "codes")[emergency.REASONS].codes)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a desk says: the file's or the case's code, who asks, a code of list `emergency_reason`, own words."""

    code: str
    staff: str
    why: str
    words: str


class NoSuchReview(Exception):
    """There is no such emergency read."""

    def __init__(self) -> None:
        super().__init__("Không có lần xem khẩn cấp này: hãy xem lại mã bằng lệnh reviews.")


class MayNotReview(Exception):
    """This person's roles do not review emergency reads of that centre."""

    def __init__(self) -> None:
        super().__init__("Vai trò của người này không được rà soát lần xem khẩn cấp đó: hãy hỏi phụ trách vùng.")


def give(centre: Centre, session: Session, asked: Asked) -> tuple[EmergencyGiven, News]:
    """Grant the file to the asking desk for an hour, and lay the read beside the file for those who answer for it,
    in one transaction.

    Raises Refusal: 400 bad_message (a reason that is none), 404 unknown_file (also what the engine denies: asking
    tells nothing), 409 already_here (the desk sees it without an emergency read: one whose hour still runs is given
    again, with an entry of its own); StoreUnavailable.
    """
    words = emergency.plain(asked.words)
    if emergency.missing(words) or len(words) > emergency.MOST_WORDS or asked.why not in _reasons():
        raise bad_message()
    device = session.device

    def job(connection: Connection) -> tuple[EmergencyGiven, News]:
        scope, contact = _find(connection, asked.code)
        home = scopes.homes(connection, [scope]).get(scope, "")
        policy = centre.policy
        record = read.one(connection, "staff", record_of(asked.staff))
        known = record.record if record is not None and record.retracted is None else None
        person = person_of(policy, asked.staff, device.centre, known)
        thing = replace(staffed.things(connection, policy, [scope])[scope], workers=frozenset())
        if may(policy, person, "break_glass", thing) not in _WITH_A_REASON:
            log.info("emergency read refused device=%s", device.id)
            raise Refusal(404, "unknown_file")
        shared = granted.audiences_of(connection, device.id, device.centre)
        if home in shared or _holds_it_anyhow(connection, device.id, scope):
            raise Refusal(409, "already_here")
        now = centre.now_ms()
        until = now + emergency.READ_MS
        one = centre.new_id()
        grant = Grant(id=one, device=device.id, granted_scope=scope, reason=emergency.GRANTED, until=until)
        review = EmergencyRead(
            id=one, staff=asked.staff, device=device.id, why=asked.why, words=words, asked_at=now, until=until
        )
        news = _wrote(connection, scope, centre.author(connection, scope, [review], APPEND))
        control = scopes.device_scope(device.id)
        centre.author(connection, control, [grant], GRANT)
        granted.count_anew(connection, device.id)
        return EmergencyGiven(scope=scope, contact=contact, until=until, time=now), news.with_more(_told(control))

    given, news = centre.lane.do(job)
    log.info("emergency read given device=%s", device.id)
    return given, news


def end_over(centre: Centre) -> News:
    """Withdraw every emergency grant whose hour is over; answers whom to tell. Raises StoreUnavailable."""
    if not centre.read(lambda connection: _over(connection, centre.now_ms())):
        return News()

    def job(connection: Connection) -> News:
        news = News()
        for one in _over(connection, centre.now_ms()):
            news = news.with_more(_withdraw(centre, connection, one))
        return news

    news = centre.lane.do(job)
    log.info("emergency reads ended for %d devices", len(news.audiences))
    return news


def follow(centre: Centre, connection: Connection, folded: Folded) -> News:
    """A desk that has wiped its copy before the hour was over (it was closed, or ran without a line) keeps no grant:
    what it does not hold must not be counted as its own."""
    news = News()
    for change in folded.changes:
        if change.kind == "wiped" and change.before is None and change.after is not None:
            one = read.one(connection, "grant", change.id)
            if one is not None and _stands(one) and one.record.device == change.after.get("device"):
                news = news.with_more(_withdraw(centre, connection, one))
    return news


def reviews(connection: Connection) -> list[Stored]:
    """Emergency reads that nobody has looked at, oldest first."""
    return kept.unseen(connection)


def reviewed(centre: Centre, one: str, staff: str) -> News:
    """This person has looked at the read. Raises NoSuchReview, MayNotReview, StoreUnavailable."""

    def job(connection: Connection) -> News:
        stored = read.one(connection, "emergency_read", one)
        if stored is None:
            raise NoSuchReview
        thing = replace(staffed.things(connection, centre.policy, [stored.scope])[stored.scope], workers=frozenset())
        record = read.one(connection, "staff", record_of(staff))
        if record is None or record.retracted is not None or staff == stored.record.staff:
            raise MayNotReview
        person = person_of(centre.policy, staff, "", record.record)
        if may(centre.policy, person, "review_break_glass", thing) is not Decision.ALLOWED:
            raise MayNotReview
        values = {"seen_by": staff, "seen_at": centre.now_ms()}
        return _wrote(connection, stored.scope, centre.change(connection, stored, values, PATCH))

    news = centre.lane.do(job)
    if centre.publish is not None:
        centre.publish(news)
    return news


def _find(connection: Connection, code: str) -> tuple[str, str]:
    """Scope and contact of the file with this code (its own, its second one, or its case's). Raises Refusal (404):
    also where two files bear it, since a person must say which is meant."""
    wanted = "".join(code.split()).upper()
    found = set(kept.scopes_of(connection, wanted))
    if not wanted or len(found) != 1:
        raise Refusal(404, "unknown_file")
    scope = found.pop()
    return scope, scopes.file_of(scope)


def _stands(one: Stored) -> bool:
    grant = one.record
    return (
        grant.reason == emergency.GRANTED
        and grant.withdrawn_at is None
        and one.retracted is None
        and one.scope == scopes.device_scope(grant.device or "")
    )


def _holds_it_anyhow(connection: Connection, device: str, scope: str) -> bool:
    return any(
        one.record.device == device
        and one.record.reason != emergency.GRANTED
        and one.record.withdrawn_at is None
        and one.retracted is None
        for one in read.where(connection, "grant", "granted_scope", scope)
    )


def _over(connection: Connection, now: int) -> list[Stored]:
    return [one for one in kept.over(connection, now) if _stands(one)]


def _withdraw(centre: Centre, connection: Connection, one: Stored) -> News:
    device = str(one.record.device)
    centre.change(connection, one, {"withdrawn_at": centre.now_ms()}, WITHDRAW)
    if accounts.find_device(connection, device) is not None:
        granted.count_anew(connection, device)
    return _told(scopes.device_scope(device))


def _wrote(connection: Connection, scope: str, folded: Folded) -> News:
    granted.follow(connection, folded.deltas)
    homes = scopes.homes(connection, [scope])
    return News(frozenset(homes.values()), granted.holders(connection, [scope]))


def _told(control: str) -> News:
    return News(audiences=frozenset({control}))
