"""Retention at the centre: a run proposes what is over, two people agree, the erase operation takes it everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Final

from domain.clock import HOUR
from domain.ids import derived_id
from domain.records.call import Call
from domain.records.retention import LegalHold, RetentionRun
from domain.records.staff import record_of
from domain.rules.privacy import Decision, Thing, may, person_of
from domain.rules.retention import AUDIT, CALL, COUNSELLING, DRAFT, INTERVENTION, LETTER, REQUEST, Retention
from server.operations import audit_cut
from server.operations.centre import Centre, News, log
from server.operations.erasure import NotHere, erase
from server.store import due, granted, proven
from server.store.engine import Connection
from sync.digest import Digest
from sync.operation import CREATE, PATCH
from sync.replica import node, read, scopes
from sync.replica.read import Stored

_RESOURCES: Final = Path(__file__).parents[2] / "resources"
MOST_CALLS: Final = 1_000
MOST_FILES: Final = 200
"""What one run proposes at most: two people look at it before they agree."""


class NoSuchRun(Exception):
    """There is no such run, or it is over."""

    def __init__(self) -> None:
        super().__init__("Không có đợt đề xuất này, hoặc đã xong: hãy xem lại mã bằng lệnh retention.")


class MayNotErase(Exception):
    """This person's roles do not erase at that centre, or they agreed already."""

    def __init__(self) -> None:
        super().__init__("Cần hai người khác nhau có quyền xóa của trung tâm đó: hãy nhờ phụ trách vùng thứ hai.")


@dataclass(frozen=True, slots=True)
class Receipts:
    """Of how many devices that stand it is proven that they hold nothing of what a run erased."""

    proven: int
    all: int


@cache
def periods() -> Retention:
    """The table of periods that this program came with."""
    return Retention.load(_RESOURCES / "policy")


def propose(centre: Centre, code: str) -> RetentionRun | None:
    """Write down what is over at one centre (code of list `centres`); None where nothing is. Nothing is erased.

    Raises StoreUnavailable."""
    table, now = periods(), centre.now_ms()
    chains = audit_cut.proposed(centre, code, table.began_before(AUDIT, now))

    def job(connection: Connection) -> tuple[RetentionRun | None, News]:
        oldest = now - (table.over_at(CALL, 0))
        items: list[tuple[str, str]] = [(CALL, one) for one in due.calls(connection, code, oldest, MOST_CALLS)]
        over = [one for one in due.files(connection, code, now) if table.is_due(one, now)]
        items += [(INTERVENTION if one.has_case else COUNSELLING, one.scope) for one in over[:MOST_FILES]]
        items += [
            (LETTER, one) for one in due.letters(connection, code, table.began_before(LETTER, now), MOST_FILES)
        ]
        left = due.left_drafts(connection, code, table.began_before(DRAFT, now), MOST_FILES)
        items += [(DRAFT, one) for one in left]
        items += [(REQUEST, one) for one in _requests(connection, code, now)[:MOST_FILES]]
        items += [(AUDIT, one) for one in chains]
        if not items:
            return None, News()
        run = RetentionRun(id=centre.new_id(), centre=code, proposed_at=now, items=tuple(map(list, items)))
        return run, _wrote(centre, connection, scopes.centre(code), run)

    run, news = centre.lane.do(job)
    _publish(centre, news)
    log.info("retention run proposed: %d items", len(run.items) if run else 0)
    return run


def agree(centre: Centre, run: str, staff: str) -> RetentionRun:
    """A person agrees to a run; with the second one, of another name, everything that is still over is erased.

    Raises NoSuchRun, MayNotErase, StoreUnavailable."""

    def job(connection: Connection) -> News:
        stored = _open(connection, run)
        record = read.one(connection, "staff", record_of(staff))
        if record is None or record.retracted is not None or staff == stored.record.first_by:
            raise MayNotErase
        person = person_of(centre.policy, staff, "", record.record)
        said = may(centre.policy, person, "erase", Thing(centre=stored.record.centre))
        if said not in (Decision.TWO_PERSON, Decision.ALLOWED):
            raise MayNotErase
        if stored.record.second_by is not None:
            raise NoSuchRun
        which = "first" if stored.record.first_by is None else "second"
        return _change(centre, connection, stored, **{f"{which}_by": staff, f"{which}_at": centre.now_ms()})

    _publish(centre, centre.lane.do(job))
    stored = centre.read(lambda c: _open(c, run))
    if stored.record.second_by is not None:
        _carry_out(centre, stored)
    now = centre.read(lambda c: read.one(c, "retention_run", run))
    assert now is not None, "it was read just now"
    return now.record  # type: ignore[no-any-return]  # of kind retention_run


def resume(centre: Centre) -> int:
    """Go on with runs that two people agreed to and that were cut short; answers how many."""
    halted = [one for one in centre.read(runs) if one.record.second_by and one.record.finished_at is None]
    for one in halted:
        _carry_out(centre, one)
    return len(halted)


def runs(connection: Connection) -> list[Stored]:
    """Every run, oldest first."""
    return read.every(connection, "retention_run")


def receipts(centre: Centre, run: RetentionRun) -> Receipts:
    """How many devices are proven to hold exactly what they may behind the erasing. Raises StoreUnavailable."""
    devices = centre.read(proven.all_devices)
    known = sum(one.seq is not None and run.seq is not None and one.seq >= run.seq for one in devices)
    return Receipts(known, len(devices))


def hold(centre: Centre, file: str, paper: str, staff: str) -> LegalHold:
    """Keep a file (its contact's id) or a data subject's request whatever its period says, by a paper's number.
    Raises NotHere."""

    def job(connection: Connection) -> tuple[LegalHold, News]:
        kept = read.one(connection, "contact", file) or read.one(connection, "subject_request", file)
        if kept is None:
            raise NotHere
        made = LegalHold(id=centre.new_id(), file=file, paper=paper, set_by=staff, set_at=centre.now_ms())
        return made, _wrote(centre, connection, kept.scope, made)

    made, news = centre.lane.do(job)
    _publish(centre, news)
    return made


def lift(centre: Centre, one: str, staff: str) -> None:
    """End a legal hold. Raises NotHere, StoreUnavailable."""

    def job(connection: Connection) -> News:
        stored = read.one(connection, "legal_hold", one)
        if stored is None:
            raise NotHere
        return _change(centre, connection, stored, lifted_by=staff, lifted_at=centre.now_ms())

    _publish(centre, centre.lane.do(job))


def _carry_out(centre: Centre, stored: Stored) -> None:
    """Erase what is still over: a hold set, a case opened or a call that became a file since keeps its words."""
    run, erased = stored.record, 0
    for name, one in run.items:
        if name == CALL:
            erased += _strip(centre, one, run.id)
            continue
        if name == AUDIT:
            before = periods().began_before(AUDIT, centre.now_ms())
            erased += audit_cut.carry_out(centre, run.centre or "", one, before, f"retention {run.id}")
            continue
        if name == DRAFT:
            erased += _drop_left(centre, run.centre or "", one, run.id)
            continue
        if name == LETTER:
            for kind, record in centre.read(partial(_letter, run.centre or "", one, centre.now_ms())):
                _publish(centre, erase(centre, kind, record, f"retention {run.id}"))
                erased += 1
            continue
        if _still_due(centre, name, one, stored.record.centre or ""):
            for kind, record in centre.read(lambda c, scope=one: due.records_of(c, scope)):  # type: ignore[misc]  # binds the loop's value
                _publish(centre, erase(centre, kind, record, f"retention {run.id}"))
                erased += 1

    def job(connection: Connection) -> News:
        now = read.one(connection, "retention_run", run.id)
        assert now is not None, "a run is never erased"
        done = {"erased": erased, "seq": node.feed(connection), "finished_at": centre.now_ms()}
        return _change(centre, connection, now, **done)

    _publish(centre, centre.lane.do(job))
    log.info("retention run carried out: %d records erased", erased)


def _drop_left(centre: Centre, code: str, record: str, run: str) -> int:
    before = periods().began_before(DRAFT, centre.now_ms())
    if not centre.read(lambda c: due.left_drafts(c, code, before, 1, record)):
        return 0
    _publish(centre, erase(centre, due.LEFT, record, f"retention {run}"))
    return 1


def _letter(code: str, item: str, now_ms: int, connection: Connection) -> list[tuple[str, str]]:
    """Kind and id of what goes with an item of the queue as it stands now. Cut short, a run finds an item gone: what
    hung on it goes all the same."""
    over = due.letters(connection, code, periods().began_before(LETTER, now_ms), 1, item)
    return due.letter_records(connection, item) if over or read.one(connection, "queue_item", item) is None else []


def _still_due(centre: Centre, name: str, scope: str, code: str) -> bool:
    """Whether a file or a request is to go as it stands now; also what is left of one that was cut short."""
    table, now = periods(), centre.now_ms()
    if name == REQUEST:
        there = centre.read(lambda c: due.records_of(c, scope))
        return not there or scope in centre.read(lambda c: _requests(c, code, now))
    facts = centre.read(lambda c: due.one_file(c, scope))
    return facts is None or table.is_due(facts, now)


def _requests(connection: Connection, code: str, now: int) -> list[str]:
    """Scopes of requests whose period is over."""
    found = due.requests(connection, code)
    return [scope for scope, over_ms in found if periods().over_at(REQUEST, over_ms) <= now]


def _strip(centre: Centre, call: str, run: str) -> int:
    """Erase a call and keep one without number, minute and person in its place, so that counts stay."""

    def job(connection: Connection) -> tuple[bool, News]:
        stored = read.one(connection, "call", call)
        if stored is None or stored.record.contact_id is not None:
            return False, News()
        one: Call = stored.record
        at = (one.ring_at or 0) // HOUR * HOUR
        bare = replace(
            one,
            id=derived_id("call without number", call), number=None, pbx=None, uniqueid=None, seat=None,
            receiver=None, outcome_by=None, outcome_at=None, same_as=None, ring_at=at,
            answer_at=at + one.answer_at - (one.ring_at or 0) if one.answer_at else None,
            end_at=at + one.end_at - (one.ring_at or 0) if one.end_at else None,
        )  # fmt: skip
        return True, _wrote(centre, connection, stored.scope, bare)

    there, news = centre.lane.do(job)
    if there:
        _publish(centre, news.with_more(erase(centre, "call", call, f"retention {run}")))
    return int(there)


def _open(connection: Connection, run: str) -> Stored:
    stored = read.one(connection, "retention_run", run)
    if stored is None or stored.record.finished_at is not None:
        raise NoSuchRun
    return stored


def _wrote(centre: Centre, connection: Connection, scope: str, record: object) -> News:
    return _told(connection, scope, centre.author(connection, scope, [record], CREATE).deltas)


def _change(centre: Centre, connection: Connection, stored: Stored, **values: object) -> News:
    return _told(connection, stored.scope, centre.change(connection, stored, values, PATCH).deltas)


def _told(connection: Connection, scope: str, deltas: Mapping[tuple[str, str], Digest]) -> News:
    granted.follow(connection, deltas)
    homes = scopes.homes(connection, [scope])
    return News(frozenset(homes.values()), granted.holders(connection, [scope]))


def _publish(centre: Centre, news: News) -> None:
    if centre.publish is not None:
        centre.publish(news)
