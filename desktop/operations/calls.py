"""What a person does with a call: it is answered, gets an outcome in one press, the press is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from desktop.operations.call_backs import CALL_BACK, begun_anew, promise, stands_again, withdraw
from desktop.store.reads import silent_calls
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import DAY
from domain.ids import call_id as id_of_call
from domain.phones import normalise
from domain.records.call import UNCLASSIFIED, Call
from domain.rules.outcomes import OUTBOUND, SILENT, Leaves, leaves
from domain.rules.triage import PLACEHOLDER
from sync.act import Act
from sync.merge import FieldState, Head
from sync.replica import scopes
from sync.replica.read import Stored

HOTLINE_PBX: Final = "111"
"""Name of the exchange in every id derived from it: desks and reconciliation must say the same."""

LINE: Final = "child_protection_111"
INBOUND: Final = "inbound"

NOBODY: Final = {"outcome": PLACEHOLDER}
"""Rank of an outcome that no person gave: it loses to any person's without a sibling (settled 7)."""


@dataclass(frozen=True, slots=True)
class PbxCallEvent:
    """What the exchange says when a call is taken at this desk. Times are UTC ms; `number` may be empty.

    An empty `pbx` says that only a number is known (the local door): the row counts as made by hand, and a
    reconciliation links it to the exchange's record.
    """

    pbx: str
    uniqueid: str
    number: str
    line: str
    ring_at: int
    answer_at: int | None


@dataclass(frozen=True, slots=True)
class Labelled:
    """An outcome that was given. `version` names exactly this act, so that undo never takes back another.

    `previous` is the outcome before (None: no row was there). `silent_24h` counts the silent calls of the
    number in 24 hours, this one included (0 for other outcomes): from three on the screen hints (settled 8).
    """

    call_id: str
    code: str
    previous: str | None
    version: str
    silent_24h: int = 0


def answer(event: PbxCallEvent) -> Operation[str]:
    """The row of a call taken at this desk, unclassified; answers its id. A second event of the same call
    only adds what is missing."""

    def operation(uow: UnitOfWork) -> str:
        call_id = id_of_call(event.pbx, event.uniqueid)
        facts: dict[str, Any] = {
            "line": event.line or LINE,
            "direction": INBOUND,
            "pbx": event.pbx or None,
            "uniqueid": event.uniqueid if event.pbx else None,
            "by_hand": None if event.pbx else True,
            "number": normalise(event.number) or None,
            "centre": uow.seat.centre,
            "seat": uow.seat.seat_code,
            "ring_at": event.ring_at,
            "answer_at": event.answer_at,
            "receiver": uow.staff,
        }
        known = uow.read("call", call_id)
        act = uow.act()
        if known is None:
            scope = scopes.centre(uow.seat.centre)
            act.create(scope, Call(id=call_id, outcome=UNCLASSIFIED, **facts), ranks=NOBODY)
        else:
            missing = {n: v for n, v in facts.items() if getattr(known.record, n) is None and v is not None}
            act.change("call", call_id, known.scope, known.state, missing)
        uow.write(act)
        return call_id

    return operation


def by_hand() -> Operation[str]:
    """A row for a call the exchange did not announce, unclassified; answers its id."""

    def operation(uow: UnitOfWork) -> str:
        call = _own_call(uow, UNCLASSIFIED)
        act = uow.act()
        act.create(scopes.centre(uow.seat.centre), call, ranks=NOBODY)
        uow.write(act)
        return call.id

    return operation


def set_outcome(call_id: str | None, code: str, by: str = "key") -> Operation[Labelled]:
    """Give a call its outcome; None makes a row by hand and its outcome in one act.

    `by` says how: key, list, form, rule. Raises UnknownCode, or NotFound for a call that is not here.
    """

    def operation(uow: UnitOfWork) -> Labelled:
        act = uow.act()
        if call_id is None:
            check_outcome(uow, code)
            call = _own_call(uow, code, by)
            act.create(scopes.centre(uow.seat.centre), call)
            known_id, previous, number, version = call.id, None, None, act.bodies[0].stamp
            if code == CALL_BACK:
                promise(act, uow, call.id, None)
        else:
            known = known_call(uow, call_id)
            known_id, previous, number = known.id, known.record.outcome, known.record.number
            version = label(act, uow, known, code, by)
        uow.write(act)
        count = 0
        if code == SILENT:
            count = max(1, silent_calls(uow.connection, number, uow.now_ms - DAY)) if number else 1
        return Labelled(known_id, code, previous, version, count)

    return operation


def label(act: Act, uow: UnitOfWork, known: Stored, code: str, by: str) -> str:
    """Add a known call's outcome to an act; answers the version that says so. Raises UnknownCode."""
    check_outcome(uow, code, known.record.direction)
    if known.record.outcome == code:
        return _version_shown(known)
    put = {"outcome": code, "outcome_by": by, "outcome_at": uow.now_ms}
    act.change("call", known.id, known.scope, known.state, put)
    version = act.bodies[-1].stamp
    if code == CALL_BACK:
        promise(act, uow, known.id, known.record.number)
    elif _says_no_call_back(known, code):
        withdraw(act, uow, known.id)
    return version


def _says_no_call_back(known: Stored, code: str) -> bool:
    """Another outcome in place of a promised call-back. One that leaves a file says nothing of it, nor does one of a
    call that is a file already: those call nobody back."""
    promised = known.record.outcome == CALL_BACK and known.record.contact_id is None
    return promised and leaves(code) is Leaves.NO_FILE


def relabel(call_id: str, code: str) -> Operation[Labelled]:
    """Another outcome chosen from the list."""
    return set_outcome(call_id, code, by="list")


def undo(labelled: Labelled) -> Operation[bool]:
    """Take exactly this outcome back; answers whether there was still something to take back.

    The call gets the outcome before it, else `unclassified`. The operation names the undone version as its
    base, so at every replica, in any order, the undone outcome is gone; `unclassified` keeps the rank of a
    placeholder, so that another person's outcome given meanwhile stands without a sibling.
    """

    def operation(uow: UnitOfWork) -> bool:
        known = known_call(uow, labelled.call_id)
        heads = known.state.get("outcome", FieldState()).heads
        if labelled.version not in heads:
            return False
        before = labelled.previous or UNCLASSIFIED
        nobody = before == UNCLASSIFIED
        act = uow.act()
        only_this = {"outcome": FieldState({labelled.version: Head(labelled.code)})}
        for name in ("outcome_by", "outcome_at"):
            if name in known.state:
                only_this[name] = known.state[name]
        act.change(
            "call",
            known.id,
            known.scope,
            only_this,
            {"outcome": before, "outcome_by": "undo", "outcome_at": uow.now_ms},
            ranks=NOBODY if nobody else {},
        )
        if labelled.code == CALL_BACK:
            begun_anew(act, uow, known.id)
            withdraw(act, uow, known.id)
        elif before == CALL_BACK:
            stands_again(act, uow, known.id)
        uow.write(act)
        return True

    return operation


def end(call_id: str, at: int) -> Operation[None]:
    """The exchange says that the call ended at this time (UTC ms); the first word stands."""

    def operation(uow: UnitOfWork) -> None:
        known = known_call(uow, call_id)
        if known.record.end_at is None:
            act = uow.act()
            act.change("call", call_id, known.scope, known.state, {"end_at": at})
            uow.write(act)

    return operation


def check_outcome(uow: UnitOfWork, code: str, direction: str | None = None) -> None:
    """Raises UnknownCode for a code that list `contact_outcome` (outbound: `attempt_result`) does not hold."""
    name = "attempt_result" if direction == OUTBOUND else "contact_outcome"
    if code not in uow.reference.catalogue[name]:
        raise UnknownCode("outcome", "Kết quả cuộc gọi")


def known_call(uow: UnitOfWork, call_id: str) -> Stored:
    known = uow.read("call", call_id)
    if known is None:
        raise NotFound
    return known


def _version_shown(known: Stored) -> str:
    heads = known.state["outcome"].heads
    return max(version for version, head in heads.items() if head.value == known.record.outcome)


def _own_call(uow: UnitOfWork, outcome: str, by: str | None = None) -> Call:
    return Call(
        id=uow.new_id(),
        line=LINE,
        direction=INBOUND,
        centre=uow.seat.centre,
        seat=uow.seat.seat_code,
        ring_at=uow.now_ms,
        answer_at=uow.now_ms,
        by_hand=True,
        receiver=uow.staff,
        outcome=outcome,
        outcome_by=by,
        outcome_at=uow.now_ms if by else None,
    )
