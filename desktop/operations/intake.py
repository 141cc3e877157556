"""What a person does with a form: a consulted file (F8) or a report (F9) becomes records, in one act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from desktop.operations.calls import check_outcome
from desktop.operations.dossier import Dossier
from desktop.operations.queue_claims import Standing, end_with_file
from desktop.operations.seen import Seen, as_seen
from desktop.operations.values import ASKED_BY, FormValues, Parts, parts_of, present, ranks_of
from desktop.store import drafts
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.ids import derived_id
from domain.records.call import UNCLASSIFIED
from domain.records.case import Case, Stay
from domain.records.clock_record import ClockRecord
from domain.records.contact import Contact
from domain.rules.outcomes import Leaves, leaves
from sync.act import Act
from sync.replica import read, scopes
from sync.replica.read import Stored

FORM_FILE: Final = "file"
FORM_REPORT: Final = "report"
CALL_CHANNEL: Final = "phone_111"
RECEIVED: Final = "received"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file that stands: its id and the code to read aloud. `item`: how the item of the queue that it was written
    of was ended by somebody else meanwhile, if it was."""

    contact_id: str
    code: str
    item: Standing | None = None


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A report that stands. `case_code` is None while no leased number is left: the case lives under `code`. `item`
    as in `SavedFile`."""

    contact_id: str
    case_id: str
    case_code: str | None
    code: str
    item: Standing | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a form was opened for: a call, a file that exists, an item of the queue; an empty one where it was not."""

    call_id: str | None = None
    contact_id: str | None = None
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """The file that a form was opened over: the form's values then, and what was seen of its records (None: what
    stands now). What nobody changed in the form is not written, whatever became of it meanwhile."""

    contact_id: str
    values: FormValues
    seen: Seen | None = None


def save_file(
    values: FormValues,
    call_id: str | None,
    *,
    contact_id: str | None = None,
    draft_id: str | None = None,
    over: Over | None = None,
    item_id: str | None = None,
) -> Operation[SavedFile]:
    """Save a consulted file: contact, persons, parties, the call's outcome and the end of the item of the queue that
    it was written of as one group.

    A call that became a file already, or `contact_id`, is changed and not doubled; `over` says what the form was
    opened on. The draft goes in the same transaction, so that a restored draft is never saved twice. Raises
    UnknownCode, NotFound.
    """

    def operation(uow: UnitOfWork) -> SavedFile:
        act = uow.act()
        dossier, _, _ = _intake(uow, act, values, Origin(call_id, contact_id, item_id), FORM_FILE, over)
        ended = end_with_file(uow, act, item_id, dossier.contact_id) if item_id else None
        uow.write(act)
        _drop(uow, draft_id)
        return SavedFile(dossier.contact_id, dossier.code, ended)

    return operation


def save_report(
    values: FormValues,
    call_id: str | None,
    *,
    contact_id: str | None = None,
    draft_id: str | None = None,
    over: Over | None = None,
    item_id: str | None = None,
) -> Operation[SavedReport]:
    """Save a report (Mẫu 01): as a file, and its case with clocks and the child's place, all as one group.

    `contact_id` of an existing file makes its case without retyping (F8 → F9); `over` as in `save_file`. Raises
    UnknownCode, NotFound.
    """

    def operation(uow: UnitOfWork) -> SavedReport:
        act = uow.act()
        origin = Origin(call_id, contact_id, item_id)
        dossier, parts, changed = _intake(uow, act, values, origin, FORM_REPORT, over)
        known = read.where(uow.connection, "case", "contact_id", dossier.contact_id)
        if known:
            case_id, case_code = known[0].id, known[0].record.code
            seen = as_seen({case_id: known[0]}, over.seen) if over is not None and over.seen is not None else {}
            _change_case(uow, act, seen.get(case_id, known[0]), changed.case, dossier.received_at)
        else:
            case_id, case_code = uow.new_id(), uow.case_code()
            _open_case(uow, act, dossier, parts, case_id, case_code)
        ended = end_with_file(uow, act, item_id, dossier.contact_id) if item_id else None
        uow.write(act)
        _drop(uow, draft_id)
        return SavedReport(dossier.contact_id, case_id, case_code, dossier.code, ended)

    return operation


def set_fields(case_id: str, values: FormValues, *, opened: Mapping[str, Stored] | None = None) -> Operation[None]:
    """Change facts of a case, and of its file and child, in one act (the form "Sửa thông tin ca").

    `opened` holds the records as the form was opened on, by id: only what the person changed is written, based
    on what they saw. Raises UnknownCode, NotFound.
    """

    def operation(uow: UnitOfWork) -> None:
        known = uow.read("case", case_id)
        if known is None:
            raise NotFound
        act = uow.act()
        dossier = Dossier.of_contact(uow, known.record.contact_id, opened)
        parts = parts_of(values, uow.reference, dossier.received_at)
        _change_case(uow, act, (opened or {}).get(case_id, known), parts.case, dossier.received_at)
        dossier.change(act, parts)
        uow.write(act)

    return operation


def change_file(
    contact_id: str, values: FormValues, *, opened: Mapping[str, Stored] | None = None
) -> Operation[None]:
    """Change a file and its persons in one act, as `set_fields` does."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        dossier = Dossier.of_contact(uow, contact_id, opened)
        dossier.change(act, parts_of(values, uow.reference, dossier.received_at))
        uow.write(act)

    return operation


def change(
    kind: str, record_id: str, values: Mapping[str, Any], *, opened: Stored | None = None
) -> Operation[None]:
    """Change fields of one record, based on what was seen of it. Raises NotFound."""

    def operation(uow: UnitOfWork) -> None:
        known = opened or uow.read(kind, record_id)
        if known is None:
            raise NotFound
        act = uow.act()
        act.change(kind, record_id, known.scope, known.state, values, ranks=ranks_of(kind, values))
        uow.write(act)

    return operation


def attach_call(call_id: str, contact_id: str) -> Operation[None]:
    """The call belongs to a file that exists (F10); a call without an outcome becomes a follow-up."""

    def operation(uow: UnitOfWork) -> None:
        call, contact = uow.read("call", call_id), uow.read("contact", contact_id)
        if call is None or contact is None:
            raise NotFound
        act = uow.act()
        put: dict[str, Any] = {"contact_id": contact_id}
        if call.record.outcome in (None, UNCLASSIFIED):
            put |= {"outcome": "follow_up", "outcome_by": "form", "outcome_at": uow.now_ms}
        act.change("call", call_id, call.scope, call.state, put)
        uow.write(act)

    return operation


def give_codes() -> Operation[int]:
    """Give codes from newly leased blocks to cases this desk opened without one; answers how many."""

    def operation(uow: UnitOfWork) -> int:
        given = 0
        for case in _own_without_code(uow):
            code = uow.case_code()
            if code is None:
                break
            act = uow.act()
            act.change("case", case.id, case.scope, case.state, {"code": code})
            uow.write(act)
            given += 1
        return given

    return operation


def _own_without_code(uow: UnitOfWork) -> list[Stored]:
    found = read.where(uow.connection, "case", "code", None)
    return [case for case in found if uow.wrote(case.id)]


def _drop(uow: UnitOfWork, draft_id: str | None) -> None:
    if draft_id is not None:
        drafts.drop(uow.connection, draft_id)


def _changed(values: FormValues, before: FormValues) -> FormValues:
    """What a person changed in a form that was opened over a file; what they emptied is None."""
    found = {name: value for name, value in values.items() if before.get(name) != value}
    for name, of_set in (("province", "province_set"), ("commune", "commune_set")):
        if name in found and of_set in values:  # a code means something on its own map only
            found[of_set] = values[of_set]
    if ASKED_BY in values:
        found[ASKED_BY] = values[ASKED_BY]
    return found | {name: None for name in before if name not in values}


def _records_of(uow: UnitOfWork, contact_id: str) -> dict[str, Stored]:
    """What a form over a file writes into, as it stands now."""
    contact = uow.read("contact", contact_id)
    found = [contact] if contact is not None else []
    for party in read.where(uow.connection, "party", "contact_id", contact_id):
        person = uow.read("person", party.record.person_id)
        found += [party, person] if person is not None else [party]
    found += read.where(uow.connection, "answer", "contact_id", contact_id)
    return {stored.id: stored for stored in found}


def _intake(
    uow: UnitOfWork, act: Act, values: FormValues, origin: Origin, form: str, over: Over | None
) -> tuple[Dossier, Parts, Parts]:
    """The file and all that the form says, and what is written of it where the file was there before."""
    call = None
    if origin.call_id is not None:
        call = uow.read("call", origin.call_id)
        if call is None:
            raise NotFound
    item = uow.read("queue_item", origin.item_id) if origin.item_id is not None else None
    said_at = (call.record.answer_at or call.record.ring_at) if call is not None else None
    if said_at is None and item is not None and item.record.arrived_at is not None:
        said_at = min(item.record.arrived_at, uow.now_ms)  # the hotline had it then: the legal zero, not this hour
    parts = parts_of(values, uow.reference, said_at or uow.now_ms)
    if parts.outcome is not None:
        check_outcome(uow, parts.outcome)
    if parts.number is None and call is not None:
        parts.number = call.record.number
    contact_id = origin.contact_id or (call.record.contact_id if call is not None else None)
    changed = parts
    if contact_id is not None:
        if over is not None and over.contact_id == contact_id:
            changed = parts_of(_changed(values, over.values), uow.reference, said_at or uow.now_ms)
            changed.number = changed.number or parts.number
            opened = as_seen(_records_of(uow, contact_id), over.seen) if over.seen is not None else None
            dossier = Dossier.of_contact(uow, contact_id, opened)
        else:
            dossier = Dossier.of_contact(uow, contact_id)
        if form == FORM_REPORT:
            changed.contact["form"] = FORM_REPORT
        dossier.change(act, changed)
    else:
        received_at = parts.received_at or said_at or uow.now_ms
        if item is not None and not parts.contact.get("primary_channel"):
            parts.contact["primary_channel"] = item.record.channel
        dossier = _found(uow, act, parts, call, received_at, form)
    if call is not None:
        _mark_call(uow, act, call, parts, dossier.contact_id, form)
    return dossier, parts, changed


def _found(
    uow: UnitOfWork, act: Act, parts: Parts, call: Stored | None, received_at: int, form: str
) -> Dossier:
    given = present(parts.contact)
    if form == FORM_FILE and parts.case.get("urgency"):
        given["urgency"] = parts.case["urgency"]
    if call is not None:
        given.setdefault("primary_channel", CALL_CHANNEL)
        given.setdefault("line", call.record.line)
    contact = Contact(
        id=uow.new_id(),
        code=uow.contact_code(received_at),
        call_id=call.id if call is not None else None,
        received_at=received_at,
        receiver=uow.staff,
        centre=uow.seat.centre,
        seat=uow.seat.seat_code,
        form=form,
        **given,
    )
    act.create(scopes.dossier(contact.id), contact, ranks=ranks_of("contact", given))
    dossier = Dossier(uow, contact.id, scopes.dossier(contact.id), contact.code or "", received_at)
    dossier.people(act, parts)
    return dossier


def _mark_call(uow: UnitOfWork, act: Act, call: Stored, parts: Parts, contact_id: str, form: str) -> None:
    now = call.record.outcome
    wanted = parts.outcome
    if wanted is None and form == FORM_FILE:
        wanted = "in_depth_counselling" if parts.contact.get("in_depth") else "counselling"
        if now is not None and leaves(now) is Leaves.REPORT:
            wanted = now
    elif wanted is None and (now is None or leaves(now) is not Leaves.REPORT):
        wanted = "report_of_abuse"
    put: dict[str, Any] = {"contact_id": contact_id}
    if wanted is not None and wanted != now:
        put |= {"outcome": wanted, "outcome_by": "form", "outcome_at": uow.now_ms}
    act.change("call", call.id, call.scope, call.state, put)


def _open_case(
    uow: UnitOfWork, act: Act, dossier: Dossier, parts: Parts, case_id: str, case_code: str | None
) -> None:
    given = {"status": RECEIVED} | present(parts.case)
    case = Case(
        id=case_id,
        code=case_code,
        contact_id=dossier.contact_id,
        child_id=dossier.child_id,
        opened_at=uow.now_ms,
        opened_by=uow.staff,
        centre=uow.seat.centre,
        **given,
    )
    act.create(dossier.scope, case, ranks=ranks_of("case", given))
    _start_clocks(uow, act, dossier.scope, case_id, dossier.received_at, given.get("urgency"))
    place, safe = parts.contact.get("child_whereabouts"), parts.contact.get("child_safe_now")
    if place or safe:
        stay = Stay(id=uow.new_id(), case_id=case_id, place=place, since=dossier.received_at, safe=safe)
        act.create(dossier.scope, stay, ranks=ranks_of("stay", {"safe": safe} if safe else {}))


def _change_case(uow: UnitOfWork, act: Act, case: Stored, values: dict[str, Any], received_at: int) -> None:
    act.change("case", case.id, case.scope, case.state, values, ranks=ranks_of("case", values))
    if values.get("urgency"):
        _start_clocks(uow, act, case.scope, case.id, received_at, values["urgency"])


def _start_clocks(
    uow: UnitOfWork, act: Act, scope: str, case_id: str, received_at: int, urgency: str | None
) -> None:
    """Clocks by rule, all counted from `received_at`. A graver urgency adds its stricter clocks; a milder one
    takes none away: only a person with a reason may. Ids derive from case, rule and due time, so that two
    desks that say the same make the same clock."""
    there = read.where(uow.connection, "clock", "case_id", case_id)
    stopped = {clock.record.rule for clock in there if clock.record.stopped_at is not None}
    soonest: dict[str, int] = {}
    for clock in there:
        soonest[clock.record.rule] = min(soonest.get(clock.record.rule, clock.record.due_at), clock.record.due_at)
    rules = uow.reference.clock_rules
    for spec in rules.due_clocks(received_at, urgency, uow.reference.calendar):
        if spec.rule in stopped or (spec.rule in soonest and soonest[spec.rule] <= spec.due):
            continue
        record = ClockRecord(
            id=derived_id("clock", case_id, spec.rule, str(spec.due)),
            case_id=case_id,
            rule=spec.rule,
            start_at=spec.start,
            due_at=spec.due,
            warnings=spec.warnings,
        )
        act.create(scope, record)

