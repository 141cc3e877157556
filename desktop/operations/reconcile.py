"""What the desk does with the exchange's call records: every answered call ends with a row, never nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from desktop.operations.calls import HOTLINE_PBX, INBOUND, LINE, NOBODY
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
_ACT_SIZE: Final = 200
"""Operations in one group: a page folds at most this many at a time elsewhere."""


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


def reconcile(
    reading: CdrReading, centre: str, file_sha256: str, *, pbx: str = HOTLINE_PBX
) -> Operation[Reconciled]:
    """Bring this centre's call log in step with what the exchange recorded (settled 16); twice changes nothing.

    An answered call without a row becomes `unclassified`, a missed one gets the outcome `missed` by rule;
    rows that are there get the exchange's facts. A row logged by hand that fits exactly one such call, and
    that call exactly it, lends it outcome and file and points at it (settled 7).
    `pbx` is the exchange's name as `tram111 exchange set --pbx` gives it at every desk.

    Raises MayNotReconcile, AnotherName; nothing was changed then.
    """

    def operation(uow: UnitOfWork) -> Reconciled:
        viewer = Viewer(uow.staff, uow.seat.centre, uow.reference.policy)
        if Sight(uow.connection, viewer).may(_ACTION, Thing(centre)) not in SHOWN:
            raise MayNotReconcile
        calls = {id_of_call(pbx, c.uniqueid): c for c in reading.calls if c.centre == centre}
        _check_name(uow, calls.values(), centre, pbx)
        there = read.many(uow.connection, "call", calls)
        by_hand = _matches(uow, {i: c for i, c in calls.items() if i not in there and c.answered})
        changes = _Changes(uow)
        made = missed = 0
        for call_id, call in calls.items():
            facts = _facts(call, pbx)
            if call_id in there:
                changes.patch(there[call_id], facts)
                continue
            hand = by_hand.get(call_id)
            changes.create(call_id, facts, call.answered, hand, centre)
            made += call.answered and hand is None
            missed += not call.answered
        _note_reading(uow, changes, reading, centre, file_sha256, calls.values(), made)
        changes.flush()
        return Reconciled(made, missed, len(reading.damaged), reading.repeated, len(by_hand))

    return operation


def _check_name(uow: UnitOfWork, calls: Collection[PbxCall], centre: str, pbx: str) -> None:
    if not calls:
        return
    first, last = min(call.ring_at for call in calls), max(call.ring_at for call in calls)
    span = (first - _EARLY_MS, last + _LATE_MS)
    name = other_exchange(uow.connection, scopes.centre(centre), span, pbx, {call.uniqueid for call in calls})
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
    """Acts of a bounded size, written as they fill."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._act = uow.act()

    def act(self) -> Act:
        """The act to add to."""
        if len(self._act.bodies) >= _ACT_SIZE:
            self.flush()
            self._act = self._uow.act()
        return self._act

    def flush(self) -> None:
        """Write what is collected."""
        self._uow.write(self._act)

    def patch(self, known: Stored, facts: dict[str, Any]) -> None:
        """The exchange's word on its own call; what was noted at the desk stays in the log."""
        said = {n: v for n, v in facts.items() if v is not None and getattr(known.record, n) != v}
        if said:
            ranks = dict.fromkeys(said, EXCHANGE)
            self.act().change("call", known.id, known.scope, known.state, said, ranks=ranks)

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
        act = self.act()
        record = Call(id=call_id, line=LINE, direction=INBOUND, **facts, **mark)
        act.create(scopes.centre(centre), record, ranks=ranks)
        if hand is not None:
            act.change("call", hand.id, hand.scope, hand.state, {"same_as": call_id})


def _matches(uow: UnitOfWork, calls: dict[str, PbxCall]) -> dict[str, Stored]:
    """Rows by hand by the id of the one call each certainly is: same seat, same number (where the row has one),
    made while it ran, and no other fits."""
    if not calls:
        return {}
    first = min(call.ring_at for call in calls.values()) - _EARLY_MS
    last = max(call.end_at for call in calls.values()) + _LATE_MS
    hands = calls_by_hand(uow.connection, scopes.centre(uow.seat.centre), first, last)
    fits: dict[str, list[Stored]] = {}
    wanted: dict[str, list[str]] = {}
    for call_id, call in calls.items():
        for hand in hands:
            at = hand.record.ring_at
            there = hand.record.seat == call.seat and call.ring_at - _EARLY_MS <= at <= call.end_at + _LATE_MS
            if there and hand.record.number in (None, normalise(call.number)):
                fits.setdefault(call_id, []).append(hand)
                wanted.setdefault(hand.id, []).append(call_id)
    return {
        call_id: found[0] for call_id, found in fits.items() if len(found) == 1 and len(wanted[found[0].id]) == 1
    }


def _note_reading(
    uow: UnitOfWork,
    changes: _Changes,
    reading: CdrReading,
    centre: str,
    file_sha256: str,
    calls: Iterable[PbxCall],
    made: int,
) -> None:
    """The record of this reading, once a file and centre: its damaged lines by number and reason."""
    record_id = derived_id("reconciliation", centre, file_sha256)
    if uow.read("reconciliation", record_id) is not None:
        return
    answered = [call.answered for call in calls]
    record = Reconciliation(
        id=record_id,
        centre=centre,
        file_sha256=file_sha256,
        read_at=uow.now_ms,
        lines=reading.lines,
        answered=sum(answered),
        missed=len(answered) - sum(answered),
        repeated=reading.repeated,
        made=made,
        damaged=tuple(_pairs(reading)),
    )
    changes.act().create(scopes.centre(centre), record)


def _pairs(reading: CdrReading) -> Iterator[tuple[int, str]]:
    for line in reading.damaged:
        yield line.number, line.reason
