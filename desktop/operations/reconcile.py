"""What the desk does with the exchange's call records: every answered call ends with a row, never nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from desktop.operations.calls import HOTLINE_PBX, INBOUND, LINE, NOBODY
from desktop.store.engine import Connection
from desktop.store.reads import calls_by_hand, other_exchange
from desktop.store.sight import SHOWN, Sight, Viewer
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.cdr import CdrReading, PbxCall
from domain.clock import MINUTE
from domain.ids import call_id as id_of_call
from domain.ids import derived_id
from domain.phones import normalise
from domain.records.call import MISSED, UNCLASSIFIED, Call
from domain.records.road import Reconciliation
from domain.rules.privacy import Thing
from domain.rules.triage import PLACEHOLDER
from sync.act import Act
from sync.replica import read, scopes
from sync.replica.read import Stored
from sync.troubles import Trouble

EXCHANGE: Final = 2
"""Rank of what the exchange says of its own call, above what a desk noted."""

RULE: Final = "rule"
_EARLY_MS: Final = MINUTE
_LATE_MS: Final = 2 * MINUTE
_ACTION: Final = "log_call"
"""Whoever may write this centre's call log may bring it in step with the exchange (roles.toml)."""
PART: Final = 25
"""Calls written in one transaction: about 1 ms each, between two of which a counsellor's key gets its turn."""


class MayNotReconcile(Trouble):
    """The role of this person writes no calls of this centre."""

    advice = "Vai trò của chị/anh không ghi cuộc gọi của trung tâm này nên không đối chiếu được. Hãy nhờ trưởng ca."


class AnotherName(Trouble):
    """The calls of the file stand in the log already, under another name of the exchange: ids derive from that name,
    and reading on would write every call a second time."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reading changed here: unclassified rows made, missed rows made, damaged lines, repeated lines,
    and rows logged by hand that were matched with the exchange's."""

    made: int
    missed: int
    damaged: int
    repeated: int
    matched: int = 0

    def __add__(self, more: Reconciled) -> Reconciled:
        """Both together."""
        return Reconciled(
            self.made + more.made,
            self.missed + more.missed,
            self.damaged + more.damaged,
            self.repeated + more.repeated,
            self.matched + more.matched,
        )


@dataclass(frozen=True, slots=True)
class Paper:
    """A file of the exchange as it was read: for this centre, by the SHA-256 of its bytes, under the name that
    `tram111 exchange set --pbx` gives the exchange at every desk."""

    reading: CdrReading
    centre: str
    file_sha256: str
    pbx: str = HOTLINE_PBX


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reading means at this desk: this centre's calls by the ids they have here, and for some of them the row
    by hand that each certainly is, by its id. `pbx` is the exchange's name."""

    reading: CdrReading
    centre: str
    file_sha256: str
    pbx: str
    calls: dict[str, PbxCall]
    by_hand: dict[str, str]

    def parts(self) -> int:
        """How many acts it takes: a month's file in one would keep a counsellor's key waiting for seconds."""
        return -(-len(self.calls) // PART)


def plan_of(connection: Connection, viewer: Viewer, paper: Paper) -> Plan:
    """What is to be done with this file; nothing is written. Which row by hand is which call is decided over the
    whole file: a row that fits two calls is neither. Raises MayNotReconcile, AnotherName."""
    _check_role(connection, viewer, paper.centre)
    calls = {id_of_call(paper.pbx, c.uniqueid): c for c in paper.reading.calls if c.centre == paper.centre}
    _check_name(connection, calls.values(), paper.centre, paper.pbx)
    there = read.many(connection, "call", calls)
    new = {i: c for i, c in calls.items() if i not in there and c.answered}
    hands = _matches(connection, viewer.centre, new)
    return Plan(paper.reading, paper.centre, paper.file_sha256, paper.pbx, calls, hands)


def write_part(plan: Plan, part: int) -> Operation[Reconciled]:
    """Bring PART calls of the log in step with what the exchange recorded, the `part`-th from 0: one act.

    An answered call without a row becomes `unclassified`, a missed one gets the outcome `missed` by rule; rows that
    are there get the exchange's facts. A row by hand that is the call lends it outcome and file and points at it
    (settled 7). Answers what this part made. Raises MayNotReconcile.
    """

    def operation(uow: UnitOfWork) -> Reconciled:
        _check_role(uow.connection, Viewer(uow.staff, uow.seat.centre, uow.reference.policy), plan.centre)
        calls = dict(list(plan.calls.items())[part * PART : (part + 1) * PART])
        there = read.many(uow.connection, "call", calls)
        asked = {plan.by_hand[one] for one in calls if one in plan.by_hand and one not in there}
        hands = {i: row for i, row in read.many(uow.connection, "call", asked).items() if _waits(row)}
        changes = _Changes(uow.act())
        made = missed = matched = 0
        for call_id, call in calls.items():
            facts = _facts(call, plan.pbx)
            if call_id in there:
                changes.patch(there[call_id], facts)
                continue
            hand = hands.get(plan.by_hand.get(call_id, ""))
            changes.create(call_id, facts, call.answered, hand, plan.centre)
            made += call.answered and hand is None
            missed += not call.answered
            matched += hand is not None
        uow.write(changes.act)
        return Reconciled(made, missed, 0, 0, matched)

    return operation


def _waits(row: Stored) -> bool:
    """Whether no call of the exchange was matched with this row since the plan was made."""
    return row.record.same_as is None and row.retracted is None


def note_reading(plan: Plan, made: int) -> Operation[None]:
    """The record of this reading, once a file and centre: its damaged lines by number and reason."""

    def operation(uow: UnitOfWork) -> None:
        record_id = derived_id("reconciliation", plan.centre, plan.file_sha256)
        if uow.read("reconciliation", record_id) is not None:
            return
        answered = [call.answered for call in plan.calls.values()]
        record = Reconciliation(
            id=record_id,
            centre=plan.centre,
            file_sha256=plan.file_sha256,
            read_at=uow.now_ms,
            lines=plan.reading.lines,
            answered=sum(answered),
            missed=len(answered) - sum(answered),
            repeated=plan.reading.repeated,
            made=made,
            damaged=tuple(_pairs(plan.reading)),
        )
        act = uow.act()
        act.create(scopes.centre(plan.centre), record)
        uow.write(act)

    return operation


def reconcile(
    reading: CdrReading, centre: str, file_sha256: str, *, pbx: str = HOTLINE_PBX
) -> Operation[Reconciled]:
    """The whole of it in one transaction, where nobody waits meanwhile; twice changes nothing (settled 16).

    Raises MayNotReconcile, AnotherName; nothing was changed then.
    """

    def operation(uow: UnitOfWork) -> Reconciled:
        viewer = Viewer(uow.staff, uow.seat.centre, uow.reference.policy)
        plan = plan_of(uow.connection, viewer, Paper(reading, centre, file_sha256, pbx))
        done = Reconciled(0, 0, len(reading.damaged), reading.repeated)
        for part in range(plan.parts()):
            done += write_part(plan, part)(uow)
        note_reading(plan, done.made)(uow)
        return done

    return operation


def _check_role(connection: Connection, viewer: Viewer, centre: str) -> None:
    if Sight(connection, viewer).may(_ACTION, Thing(centre)) not in SHOWN:
        raise MayNotReconcile


def _check_name(connection: Connection, calls: Collection[PbxCall], centre: str, pbx: str) -> None:
    if not calls:
        return
    first, last = min(call.ring_at for call in calls), max(call.ring_at for call in calls)
    span = (first - _EARLY_MS, last + _LATE_MS)
    name = other_exchange(connection, scopes.centre(centre), span, pbx, {call.uniqueid for call in calls})
    if name is not None:
        raise AnotherName(
            f"Các cuộc của tệp này đã có dòng dưới tên tổng đài «{name}», còn máy này đặt tên «{pbx}»: không ghi gì "
            "để không cuộc nào thành hai dòng. Nhờ kỹ thuật đặt lại tên (tram111 exchange set, mục --pbx)."
        )


def _facts(call: PbxCall, pbx: str) -> dict[str, Any]:
    return {
        "pbx": pbx,
        "uniqueid": call.uniqueid,
        "number": call.number or None,
        "centre": call.centre,
        "seat": call.seat or None,
        "ring_at": call.ring_at,
        "answer_at": call.answer_at,
        "end_at": call.end_at,
        "disposition": call.disposition,
    }


class _Changes:
    """What one act says of calls."""

    def __init__(self, act: Act) -> None:
        self.act = act

    def patch(self, known: Stored, facts: dict[str, Any]) -> None:
        """The exchange's word on its own call; what was noted at the desk stays in the log."""
        said = {n: v for n, v in facts.items() if v is not None and getattr(known.record, n) != v}
        if said:
            ranks = dict.fromkeys(said, EXCHANGE)
            self.act.change("call", known.id, known.scope, known.state, said, ranks=ranks)

    def create(
        self, call_id: str, facts: dict[str, Any], answered: bool, hand: Stored | None, centre: str
    ) -> None:
        """A row for a call nobody has one for; with what a person wrote by hand, where that is certain."""
        ranks = dict.fromkeys((n for n, v in facts.items() if v is not None), EXCHANGE)
        mark: dict[str, Any] = {"outcome": UNCLASSIFIED}
        if hand is not None and hand.record.outcome not in (None, UNCLASSIFIED):
            names = ("outcome", "outcome_by", "outcome_at", "contact_id", "receiver")
            mark = {name: getattr(hand.record, name) for name in names}
        else:
            ranks |= NOBODY
            if not answered:
                mark = {"outcome": MISSED, "outcome_by": RULE}
                ranks["outcome_by"] = PLACEHOLDER
        record = Call(id=call_id, line=LINE, direction=INBOUND, **facts, **mark)
        self.act.create(scopes.centre(centre), record, ranks=ranks)
        if hand is not None:
            self.act.change("call", hand.id, hand.scope, hand.state, {"same_as": call_id})


def _matches(connection: Connection, centre: str, calls: dict[str, PbxCall]) -> dict[str, str]:
    """Rows by hand (ids) by the id of the one call each certainly is: same seat, same number (where the row has one),
    made while it ran, and no other fits."""
    if not calls:
        return {}
    first = min(call.ring_at for call in calls.values()) - _EARLY_MS
    last = max(call.end_at for call in calls.values()) + _LATE_MS
    fits: dict[str, list[str]] = {}
    wanted: dict[str, list[str]] = {}
    by_seat: dict[str, list[Stored]] = {}
    for hand in calls_by_hand(connection, scopes.centre(centre), first, last):
        by_seat.setdefault(hand.record.seat, []).append(hand)
    for call_id, call in calls.items():
        for hand in by_seat.get(call.seat, ()):
            there = call.ring_at - _EARLY_MS <= hand.record.ring_at <= call.end_at + _LATE_MS
            if there and hand.record.number in (None, normalise(call.number)):
                fits.setdefault(call_id, []).append(hand.id)
                wanted.setdefault(hand.id, []).append(call_id)
    return {call_id: found[0] for call_id, found in fits.items() if len(found) == 1 and len(wanted[found[0]]) == 1}


def _pairs(reading: CdrReading) -> Iterator[tuple[int, str]]:
    for line in reading.damaged:
        yield line.number, line.reason
